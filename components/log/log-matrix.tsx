'use client';

import clsx from 'clsx';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { CSSProperties } from 'react';
import {
  cellOf,
  commitLag,
  entryBook,
  findEntry,
  firstRow,
  lastIndexOf,
  standingTerm,
} from '../../client/log-matrix.ts';
import type { Cell } from '../../client/log-matrix.ts';
import type { ClusterView, EntryView } from '../../contracts/view.ts';
import { useLive } from '../live/live-provider.tsx';
import { useOlderEntries } from './use-older-entries.ts';

const ROW_PX = 27;
/** Within this many rows of the end the list follows new entries. */
const FOLLOW_ROWS = 2;
const COLUMNS =
  'grid-cols-[44px_32px_minmax(0,1fr)_repeat(var(--nodes),40px)] sm:grid-cols-[64px_48px_minmax(0,1fr)_repeat(var(--nodes),84px)]';

/** Every node's log side by side, aligned by index; the newest entries at the bottom. */
export function LogMatrix() {
  const { view, stale } = useLive((state) => ({
    view: state.view,
    stale: state.conn === 'reconnecting',
  }));
  if (view === null) return <p className="p-3 text-quiet">Waiting for the logs…</p>;
  if (lastIndexOf(view) === 0) {
    return <p className="p-3 text-quiet">No entries. Write your first key.</p>;
  }
  return <Matrix view={view} stale={stale} />;
}

function Matrix({ view, stale }: { readonly view: ClusterView; readonly stale: boolean }) {
  const scroller = useRef<HTMLDivElement>(null);
  const last = lastIndexOf(view);
  const first = firstRow(last);
  const { following, seenLast, onScroll, jump } = useFollow(scroller, last);
  const rows = useVirtualizer({
    count: last - first + 1,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 6,
    useFlushSync: false,
  });
  const known = useMemo(() => entryBook(view.entries), [view.entries]);
  const items = rows.getVirtualItems();
  const older = useOlderEntries(
    view,
    known,
    (items[0]?.index ?? 0) + first,
    (items.at(-1)?.index ?? 0) + first,
  );

  useEffect(() => {
    const box = scroller.current;
    if (following && box !== null) box.scrollTop = box.scrollHeight;
  }, [following, last]);

  return (
    <div className={clsx('absolute inset-0 flex flex-col', stale && 'stale')}>
      <div
        ref={scroller}
        role="grid"
        aria-label="Replicated log"
        aria-rowcount={last + 1}
        data-testid="log-matrix"
        tabIndex={0}
        onScroll={onScroll}
        style={{ '--nodes': view.nodes.length } as CSSProperties}
        className="min-h-0 flex-1 overflow-auto -outline-offset-2"
      >
        <div role="rowgroup" className="sticky top-0 z-10 min-w-[340px] bg-surface">
          <div
            role="row"
            aria-rowindex={1}
            className={clsx('grid items-end border-b border-line text-xs text-quiet', COLUMNS)}
          >
            <span role="columnheader" className="py-1 pr-3 text-right">
              index
            </span>
            <span role="columnheader" className="py-1">
              term
            </span>
            <span role="columnheader" className="py-1">
              command
            </span>
            {view.nodes.map((node) => (
              <Frontier
                key={node.id}
                id={node.id}
                commitIndex={node.commitIndex}
                lag={commitLag(view, node)}
                down={node.state !== 'serving'}
                onShow={() =>
                  rows.scrollToIndex(Math.max(0, node.commitIndex - first), { align: 'center' })
                }
              />
            ))}
          </div>
        </div>
        <div
          role="rowgroup"
          className="relative min-w-[340px]"
          style={{ height: rows.getTotalSize() }}
        >
          {items.map((item) => {
            const index = item.index + first;
            const term = standingTerm(view, index);
            const entry = findEntry(known, index, term) ?? findEntry(older, index, term);
            return (
              <LogRow
                key={item.key}
                view={view}
                index={index}
                term={term ?? entry?.term ?? null}
                newTerm={index > 1 && term !== standingTerm(view, index - 1)}
                entry={entry}
                top={item.start}
              />
            );
          })}
        </div>
      </div>
      {!following && (
        <button
          type="button"
          onClick={jump}
          className="absolute right-4 bottom-3 rounded-full border border-line-strong bg-raised px-3 py-1 text-[13px]"
        >
          {last > seenLast ? `${(last - seenLast).toLocaleString('en')} new` : 'To the end'}
        </button>
      )}
    </div>
  );
}

interface FrontierProps {
  readonly id: string;
  readonly commitIndex: number;
  readonly lag: number;
  readonly down: boolean;
  onShow(): void;
}

/** Head of a node's column: how far it has committed, and the way to that row. */
function Frontier({ id, commitIndex, lag, down, onShow }: FrontierProps) {
  const behind = lag === 0 ? '' : `, ${lag.toLocaleString('en')} behind`;
  return (
    <span
      role="columnheader"
      data-testid={`commit-frontier-${id}`}
      data-index={commitIndex}
      className={clsx('text-center font-mono', down && 'hatched')}
    >
      <button
        type="button"
        onClick={onShow}
        title={`${id} knows entries up to ${commitIndex} to be committed${behind}. Show that row.`}
        aria-label={`${id}${down ? ', down' : ''}, committed up to ${commitIndex}${behind}`}
        className="w-full py-1 -outline-offset-2"
      >
        <span className={clsx('text-text', down && 'line-through')}>{id}</span>
        {lag > 0 && <span className="text-[11px]"> −{compact.format(lag)}</span>}
      </button>
    </span>
  );
}

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

function useFollow(scroller: { readonly current: HTMLDivElement | null }, last: number) {
  const [following, setFollowing] = useState(true);
  const [seenLast, setSeenLast] = useState(last);
  return {
    following,
    seenLast,
    onScroll: (): void => {
      const box = scroller.current;
      if (box === null) return;
      const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < FOLLOW_ROWS * ROW_PX;
      if (atEnd !== following) {
        setFollowing(atEnd);
        setSeenLast(last);
      }
    },
    jump: () => setFollowing(true),
  };
}

interface LogRowProps {
  readonly view: ClusterView;
  readonly index: number;
  readonly term: number | null;
  readonly entry: EntryView | undefined;
  readonly top: number;
  /** Another term than the row above: terms may skip numbers, so their tint alone does not tell. */
  readonly newTerm: boolean;
}

function LogRow({ view, index, term, newTerm, entry, top }: LogRowProps) {
  return (
    <div
      role="row"
      aria-rowindex={index + 1}
      data-testid={`log-row-${index}`}
      data-term={term ?? ''}
      className={clsx(
        'absolute inset-x-0 grid items-center',
        COLUMNS,
        newTerm && 'border-t border-line-strong',
        term !== null && term % 2 === 1 ? 'bg-term-odd' : 'bg-term-even',
      )}
      style={{ height: ROW_PX, transform: `translateY(${top}px)` }}
    >
      <span role="rowheader" className="pr-3 text-right font-mono text-[13px] text-quiet">
        {index}
      </span>
      <span role="gridcell" className="font-mono text-[13px]">
        {term ?? '?'}
      </span>
      <span
        role="gridcell"
        className={clsx('truncate pr-3 font-mono text-[13px]', isQuiet(entry) && 'text-quiet')}
      >
        {entry === undefined ? '…' : commandOf(entry)}
      </span>
      {view.nodes.map((node) => {
        const cell = cellOf(node, index, term);
        return (
          <LogCell
            key={node.id}
            cell={cell}
            index={index}
            frontier={node.commitIndex === index}
            down={node.state !== 'serving'}
          />
        );
      })}
    </div>
  );
}

const CELL_WORD = {
  absent: 'absent',
  appended: 'appended, not committed',
  committed: 'committed',
  applied: 'committed and applied',
  divergent: 'another entry, to be replaced',
} as const;

/** One node's copy of one entry. Told apart by form: blank, outline, solid, solid with a tick, stripes. */
function LogCell({
  cell,
  index,
  frontier,
  down,
}: {
  readonly cell: Cell;
  readonly index: number;
  readonly frontier: boolean;
  readonly down: boolean;
}) {
  const { node, state, term } = cell;
  return (
    <span
      role="gridcell"
      aria-label={`${node}: ${CELL_WORD[state]}`}
      title={`${node}, index ${index}: ${CELL_WORD[state]}${term === null ? '' : `, term ${term}`}`}
      data-testid={`log-cell-${node}-${index}`}
      data-state={state}
      data-term={term ?? ''}
      className={clsx(
        'flex h-full items-center justify-center px-1',
        down && 'hatched',
        frontier && 'border-b-2 border-text',
      )}
    >
      <span
        className={clsx(
          'grid h-[17px] w-full max-w-14 place-content-center rounded-sm font-mono text-[11px] leading-none',
          state === 'appended' && 'border border-dashed border-text',
          state === 'committed' && 'border border-text bg-line-strong',
          state === 'applied' && 'bg-line-strong text-text',
          state === 'divergent' && 'striped border border-danger font-semibold',
        )}
      >
        {state === 'applied' ? '✓' : state === 'divergent' ? `t${term}` : ''}
      </span>
    </span>
  );
}

/** Labels of transactions tell their steps; those of restores, which are `txn` too, what is restored. */
const STEPS = /^(?:if .*: )?(?:\d+ steps?|many steps)|^if .*…$/;

function commandOf({ kind, label }: EntryView): string {
  if (kind === 'delete') return `delete ${label}`;
  if (kind === 'txn') return `${STEPS.test(label) ? 'transaction' : 'restore'} ${label}`;
  return label;
}

function isQuiet(entry: EntryView | undefined): boolean {
  return entry === undefined || ['noop', 'tick', 'compact'].includes(entry.kind);
}
