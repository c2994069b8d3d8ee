'use client';

import clsx from 'clsx';
import { Check, Circle, TriangleAlert } from 'lucide-react';
import { ago } from '../../client/invariant-words.ts';
import type { InvariantView } from '../../contracts/invariants.ts';
import { useNow } from '../live/live-provider.tsx';

export const STATUS_WORDS = {
  pass: 'holds',
  fail: 'is violated',
  unknown: 'was not checked yet',
} as const;

/** Its word stands beside it. */
export function StatusMark({ status }: { readonly status: InvariantView['status'] }) {
  const className = 'size-3.5 shrink-0';
  if (status === 'pass') return <Check aria-hidden="true" className={className} />;
  if (status === 'unknown')
    return <Circle aria-hidden="true" className={clsx(className, 'text-quiet')} />;
  return (
    <TriangleAlert
      aria-hidden="true"
      className={clsx(className, 'text-danger')}
      fill="currentColor"
      stroke="var(--surface)"
    />
  );
}

/** "0.2 s ago", which ticks; nothing until the browser knows the time. */
export function Age({ atMs }: { readonly atMs: number | null }) {
  const now = useNow();
  if (atMs === null || now === null) return null;
  return <span className="whitespace-nowrap tabular-nums">{ago(now - atMs)}</span>;
}
