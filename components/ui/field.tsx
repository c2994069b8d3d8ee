import clsx from 'clsx';
import type { ComponentProps } from 'react';

interface TextFieldProps extends Omit<ComponentProps<'input'>, 'onChange' | 'value'> {
  readonly label: string;
  readonly value: string;
  onValue(value: string): void;
  /** What is wrong with the value; shown and tied to the box. */
  readonly error?: string | null;
}

/** A labelled text box. */
export function TextField({
  label,
  value,
  onValue,
  error = null,
  className,
  ...rest
}: TextFieldProps) {
  return (
    <label className={clsx('flex min-w-0 flex-col gap-0.5', className)}>
      <span className="text-xs text-quiet">{label}</span>
      <input
        type="text"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        value={value}
        aria-invalid={error !== null}
        onChange={(event) => onValue(event.target.value)}
        className={clsx(
          'h-8 w-full min-w-0 rounded-lg border bg-raised px-2 font-mono text-[13px] placeholder:text-quiet',
          error === null ? 'border-line-strong' : 'border-danger',
        )}
        {...rest}
      />
    </label>
  );
}
