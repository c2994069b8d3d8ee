'use client';

import clsx from 'clsx';

interface SegmentsProps<T extends string | number> {
  /** For screen readers: what is chosen. */
  readonly legend: string;
  /** Of the group, on its page. */
  readonly name: string;
  readonly options: readonly T[];
  readonly value: T;
  textOf(option: T): string;
  onValue(option: T): void;
}

/** One of a few, all of them in sight. */
export function Segments<T extends string | number>({
  legend,
  name,
  options,
  value,
  textOf,
  onValue,
}: SegmentsProps<T>) {
  return (
    <fieldset className="flex rounded-lg border border-line bg-raised p-0.5">
      <legend className="sr-only">{legend}</legend>
      {options.map((option) => (
        <label
          key={option}
          className={clsx(
            'cursor-pointer rounded-md px-2.5 py-1 text-sm has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-text',
            option === value ? 'bg-line font-medium' : 'text-quiet hover:text-text',
          )}
        >
          <input
            type="radio"
            name={name}
            className="sr-only"
            checked={option === value}
            onChange={() => onValue(option)}
          />
          {textOf(option)}
        </label>
      ))}
    </fieldset>
  );
}
