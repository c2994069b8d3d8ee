'use client';

import { useState } from 'react';
import { commitLag, lastIndexOf } from '../../client/log-matrix.ts';
import { Button } from '../ui/button.tsx';
import type { Sight } from './log-matrix.tsx';

/** Leads to any index, and to how far each node has committed when that row is out of sight. */
export function JumpBar({ view, top, bottom, show }: Sight) {
  const [text, setText] = useState('');
  const last = lastIndexOf(view);
  const go = (): void => {
    const index = Number(text);
    if (text !== '') show(Math.max(1, index));
  };
  const away = view.nodes.filter(
    ({ commitIndex }) => commitIndex > 0 && (commitIndex < top || commitIndex > bottom),
  );
  return (
    <div className="flex h-11 shrink-0 items-center gap-2 overflow-x-auto border-b border-line px-2 sm:px-3">
      <form
        role="search"
        aria-label="Go to an index"
        className="flex shrink-0 items-center gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          go();
        }}
      >
        <label className="flex items-center gap-2 text-sm text-quiet">
          Index
          <input
            name="index"
            inputMode="numeric"
            autoComplete="off"
            value={text}
            placeholder={`1 to ${last}`}
            onChange={(event) => setText(event.target.value.replace(/\D/g, '').slice(0, 15))}
            className="h-8 w-28 rounded-lg border border-line bg-raised px-2 font-mono text-[13px] text-text placeholder:text-quiet"
          />
        </label>
        <Button type="submit">Go</Button>
      </form>
      <div className="ml-auto flex shrink-0 items-center gap-1.5">
        {away.map((node) => {
          const lag = commitLag(view, node);
          const place = lag > 0 ? `${lag.toLocaleString('en')} behind` : `at ${node.commitIndex}`;
          return (
            <button
              key={node.id}
              type="button"
              data-testid={`frontier-chip-${node.id}`}
              title={`Show how far ${node.id} knows the log to be committed`}
              onClick={() => show(node.commitIndex)}
              className="rounded-full border border-line-strong px-2.5 py-0.5 text-xs whitespace-nowrap"
            >
              <span className="font-mono">{node.id}</span>: {place}
            </button>
          );
        })}
      </div>
    </div>
  );
}
