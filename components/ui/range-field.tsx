'use client';

import { useEffect, useEffectEvent, useId, useRef, useState } from 'react';

interface RangeFieldProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  /** It could not be handed over: nothing moves. */
  readonly disabled: boolean;
  /** The value as it is shown and read out. */
  textOf(value: number): string;
  /** The slider was let go, or a key moved it. */
  onValue(value: number): void;
}

/** A labelled slider that says its value while it moves, and hands it over when it rests. */
export function RangeField({
  label,
  value,
  min,
  max,
  step = 1,
  disabled,
  textOf,
  onValue,
}: RangeFieldProps) {
  const [draft, setDraft] = useState<number | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  const hand = useEffectEvent((next: number) => onValue(next));
  useEffect(() => setDraft(null), [value, disabled]);
  useEffect(() => {
    const element = input.current;
    // React's own "change" is every movement.
    const rest = (): void => hand(Number(element?.value));
    element?.addEventListener('change', rest);
    return () => element?.removeEventListener('change', rest);
  }, []);
  const shown = draft ?? value;
  return (
    <div className="grid grid-cols-[5.5rem_1fr_5.5rem] items-center gap-2 text-sm">
      <label htmlFor={id}>{label}</label>
      <input
        ref={input}
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        disabled={disabled}
        value={shown}
        aria-valuetext={textOf(shown)}
        onChange={(event) => setDraft(Number(event.target.value))}
        className="min-h-8 w-full min-w-0 accent-text"
      />
      <output htmlFor={id} className="text-right font-mono text-[13px] whitespace-nowrap">
        {textOf(shown)}
      </output>
    </div>
  );
}
