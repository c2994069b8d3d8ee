import clsx from 'clsx';
import type { ComponentProps } from 'react';

interface ButtonProps extends Omit<ComponentProps<'button'>, 'disabled'> {
  readonly tone?: 'plain' | 'primary' | 'danger' | 'bare';
  /** `large` is a target of 44 pixels; `narrow` is one that gives way sideways where there is a mouse. */
  readonly size?: 'normal' | 'large' | 'narrow';
  /** Why it cannot be pressed now; it stays in the tab order and says so. */
  readonly disabledBecause?: string | null;
}

/** Also of a link that looks like a button. */
export function buttonClass({
  tone = 'plain',
  size = 'normal',
  disabled = false,
  className,
}: Pick<ButtonProps, 'tone' | 'size' | 'className'> & { readonly disabled?: boolean }): string {
  return clsx(
    'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-lg border text-sm font-medium whitespace-nowrap transition-colors duration-100',
    size === 'large' && 'h-11 min-w-11 px-3',
    size === 'narrow' && 'h-11 min-w-11 px-0 sm:min-w-9',
    size === 'normal' && 'h-8 px-2.5',
    tone === 'primary' && 'border-text bg-text text-surface',
    tone === 'plain' && 'border-line bg-raised text-text',
    tone === 'danger' && 'border-line bg-raised text-danger',
    tone === 'bare' && 'border-transparent text-text',
    !disabled && tone === 'primary' && 'hover:opacity-85',
    !disabled && tone === 'plain' && 'hover:border-line-strong',
    !disabled && tone === 'danger' && 'hover:border-danger hover:bg-danger-wash',
    !disabled && tone === 'bare' && 'hover:bg-line',
    disabled && 'opacity-45',
    className,
  );
}

/** A button that, when it cannot act, still can be reached and tells why. */
export function Button({
  tone = 'plain',
  size = 'normal',
  disabledBecause = null,
  className,
  onClick,
  title,
  type = 'button',
  ...rest
}: ButtonProps) {
  const disabled = disabledBecause !== null;
  return (
    <button
      // eslint-disable-next-line react/button-has-type -- the type is a property with a default
      type={type}
      aria-disabled={disabled}
      title={disabledBecause ?? title}
      onClick={(event) => {
        if (disabled) event.preventDefault();
        else onClick?.(event);
      }}
      className={buttonClass({ tone, size, disabled, className })}
      {...rest}
    />
  );
}
