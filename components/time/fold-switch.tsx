'use client';

import { FoldHorizontal, UnfoldHorizontal } from 'lucide-react';
import { lengthInWords } from '../../client/duration.ts';
import type { Span } from '../../client/recording-lanes.ts';
import { Button } from '../ui/button.tsx';

interface FoldSwitchProps {
  /** What is folded, or would be. */
  readonly folds: readonly Span[];
  readonly isFolded: boolean;
  onChange(isFolded: boolean): void;
}

/** Idle stretches as narrow marks, or all of the time to one scale. */
export function FoldSwitch({ folds, isFolded, onChange }: FoldSwitchProps) {
  const idleMs = folds.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  const Icon = isFolded ? UnfoldHorizontal : FoldHorizontal;
  return (
    <Button
      className="w-8 px-0!"
      aria-label="Fold idle stretches"
      aria-pressed={isFolded}
      title={
        isFolded
          ? `Stretches with nothing but heartbeats are folded, ${lengthInWords(idleMs)} now. Show all in full`
          : 'Fold stretches with nothing but heartbeats'
      }
      onClick={() => onChange(!isFolded)}
    >
      <Icon className="size-4" aria-hidden="true" />
    </Button>
  );
}
