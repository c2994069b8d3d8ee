'use client';

import { Check, Copy, Terminal } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button } from './button.tsx';
import { useToast } from './toast.tsx';

interface CopyCurlProps {
  /** The command, ready for a shell. */
  readonly command: string;
  /** A key that does the same, as it is shown. */
  readonly keys?: string;
  /** What the command does, where the form has more than one. */
  readonly of?: string;
  /** `sign`: a sign alone, for forms without room; `line`: beside a line of text. */
  readonly size?: 'normal' | 'sign' | 'line';
  /** Why there is no command now. */
  readonly disabledBecause?: string | null;
}

/** How long it tells what came of it, ms. */
const TOLD_MS = 2500;

const SMALL = { normal: '', sign: 'w-8 px-0!', line: 'h-6! w-6 px-0!' } as const;

/** Puts a command on the clipboard, and says whether it is there: a page that came without TLS may not. */
export function CopyCurl({
  command,
  keys,
  of,
  size = 'normal',
  disabledBecause = null,
}: CopyCurlProps) {
  const toast = useToast();
  const small = size !== 'normal';
  const [outcome, setOutcome] = useState<'copied' | 'refused' | null>(null);
  useEffect(() => {
    if (outcome === null) return;
    const timer = setTimeout(() => setOutcome(null), TOLD_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async (): Promise<void> => {
    const next = (await wasCopied(command)) ? 'copied' : 'refused';
    setOutcome(next);
    // Where there is no line to copy by hand, the notice has it.
    if (next === 'refused' && small) toast({ text: command });
  };
  const label = of === undefined ? 'Copy as curl' : `Copy ${of} as curl`;
  const Sign = outcome === 'copied' ? Check : small ? Terminal : Copy;
  return (
    <span className="inline-flex items-center">
      <Button
        data-copy-curl=""
        onClick={() => void copy()}
        disabledBecause={disabledBecause}
        {...(small && { 'aria-label': label, className: SMALL[size], title: label })}
      >
        <Sign className="size-4" aria-hidden="true" />
        {!small && label}
        {keys !== undefined && (
          <kbd className="hidden text-xs font-normal text-quiet sm:inline">{keys}</kbd>
        )}
      </Button>
      <span role="status" className={outcome === null || small ? 'sr-only' : 'pl-2 text-sm'}>
        {outcome === 'copied' && 'Copied'}
        {outcome === 'refused' && 'The browser did not let it: copy the line by hand'}
      </span>
    </span>
  );
}

async function wasCopied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
