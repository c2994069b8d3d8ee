'use client';

import clsx from 'clsx';
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import type { Range } from '@tanstack/react-virtual';
import { useEffect, useEffectEvent, useId, useLayoutEffect, useMemo, useRef } from 'react';
import type { CSSProperties, KeyboardEvent, MouseEvent, ReactNode } from 'react';
import {
  cellOf,
  commitLag,
  entryBook,
  findEntry,
  isForgotten,
  lastIndexOf,
  standingTerm,
  whyNoEntry,
} from '../../client/log-matrix.ts';
import type { ClusterView, EntryView, NodeView } from '../../contracts/view.ts';
import { useLive } from '../live/live-provider.tsx';
import { Frontier } from './frontier.tsx';
import { COLUMNS, LogRow } from './log-row.tsx';
import type { RowCell } from './log-row.tsx';
import { useAskedIndex } from './use-asked-index.ts';
import { ROW_PX, useLogScroll, WHOLE_ROWS } from './use-log-scroll.ts';
import type { LogScroll } from './use-log-scroll.ts';
import { useOlderEntries } from './use-older-entries.ts';

/** Drawn beyond what is seen, at each end. */
const OVERSCAN_ROWS = 6;
/** Rows that PageUp and PageDown go. */
const PAGE_ROWS = 20;
const LEAST_WIDTH =
  'min-w-[calc(86px_+_7rem_+_var(--nodes)_*_40px)] sm:min-w-[calc(112px_+_14rem_+_var(--nodes)_*_48px)]';

/** The row that one looks at, for a page that shows more of it. */
export interface Selection {
  readonly index: number | null;
  onSelect(index: number, entry: EntryView | undefined): void;
}

/** What stands above the rows can bring one into sight. */
export interface Sight {
  readonly view: ClusterView;
  readonly top: number;
  readonly bottom: number;
  show(index: number): void;
}

interface LogMatrixProps {
  readonly selection?: Selection;
  readonly above?: (sight: Sight) => ReactNode;
}

/** Every node's log side by side, aligned by index; the newest entries at the bottom. */
export function LogMatrix({ selection, above }: LogMatrixProps) {
  const { view, stale } = useLive((state) => ({
    view: state.view,
    stale: state.conn === 'reconnecting',
  }));
  if (view === null) return <p className="p-3 text-quiet">Waiting for the logs…</p>;
  if (lastIndexOf(view) === 0) {
    return <p className="p-3 text-quiet">No entries. Write your first key.</p>;
  }
  return <Matrix view={view} stale={stale} selection={selection} above={above} />;
}

interface MatrixProps {
  readonly view: ClusterView;
  readonly stale: boolean;
  readonly selection: Selection | undefined;
  readonly above: LogMatrixProps['above'];
}

function Matrix({ view, stale, selection, above }: MatrixProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const last = lastIndexOf(view);
  const scroll = useLogScroll(scroller, last);
  const { first, end, following } = scroll;
  const count = end - first + 1;
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN_ROWS,
    // The end is drawn before the list has been scrolled to it, or a burst of writes would show as a gap.
    rangeExtractor: (range) => defaultRangeExtractor(following ? tailOf(range) : range),
    useFlushSync: false,
  });
  const known = useMemo(() => entryBook(view.entries), [view.entries]);
  const items = rows.getVirtualItems();
  const top = (items[0]?.index ?? 0) + first;
  const bottom = (items.at(-1)?.index ?? 0) + first;
  const older = useOlderEntries(view, known, top, bottom);
  const entryAt = (index: number): EntryView | undefined => {
    const term = standingTerm(view, index);
    return findEntry(known, index, term) ?? findEntry(older, index, term);
  };

  const height = rows.scrollRect?.height;
  useLayoutEffect(() => {
    const box = scroller.current;
    if (following && box !== null) box.scrollTop = box.scrollHeight;
  }, [following, count, height]);

  const id = useId();
  const rowId = (index: number): string => `${id}-${index}`;
  const selected = selection?.index ?? null;
  const select = (index: number): void => selection?.onSelect(index, entryAt(index));
  const tellSelected = useEffectEvent((entry: EntryView) => {
    if (selected !== null) selection?.onSelect(selected, entry);
  });
  const chosen = selected === null ? undefined : entryAt(selected);
  // It may be fetched, or written, only after it was asked for.
  useEffect(() => {
    if (chosen !== undefined) tellSelected(chosen);
  }, [chosen]);
  const show = (index: number): void => {
    // What is beyond the end is waited for there.
    if (index > last) scroll.follow();
    else scroll.show(index, 'center');
    select(index);
  };
  useAskedIndex(show);
  const onKeyDown = (event: KeyboardEvent): void => {
    const to = selection === undefined ? null : stepOf(event, selected, scroll, last);
    if (to === null) return;
    event.preventDefault();
    select(to);
    if (event.key === 'End') scroll.follow();
    else scroll.show(to, 'nearest');
  };
  const onClick = (event: MouseEvent): void => {
    const row =
      event.target instanceof Element && event.target.closest<HTMLElement>('[data-index]');
    const index = row ? Number(row.dataset['index']) : 0;
    if (selection === undefined || row === false || row === null || row.role !== 'row') return;
    scroll.hold();
    select(index);
  };

  return (
    <div className={clsx('absolute inset-0 flex flex-col', stale && 'stale')}>
      {above?.({
        view,
        top: top + (following ? 0 : OVERSCAN_ROWS),
        bottom: bottom - (bottom === end ? 0 : OVERSCAN_ROWS),
        show,
      })}
      {selected !== null && selected > last && (
        <p role="status" data-testid="no-entry" className="border-b border-line px-3 py-1.5">
          {whyNoEntry(view, selected)}
        </p>
      )}
      <div className="min-h-0 flex-1">
        {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- arrows select, see onKeyDown */}
        <div
          ref={scroller}
          role="grid"
          aria-label="Replicated log"
          aria-rowcount={last + 1}
          aria-activedescendant={
            selected !== null && selected >= top && selected <= bottom ? rowId(selected) : undefined
          }
          data-testid="log-matrix"
          tabIndex={0}
          onScroll={scroll.onScroll}
          onKeyDown={onKeyDown}
          onClick={onClick}
          style={{ '--nodes': view.nodes.length, height: WHOLE_ROWS } as CSSProperties}
          className="h-full overflow-auto -outline-offset-2"
        >
          <div role="rowgroup" className={clsx('sticky top-0 z-10 bg-surface', LEAST_WIDTH)}>
            <div
              role="row"
              aria-rowindex={1}
              className={clsx('grid items-end border-b border-line text-xs text-quiet', COLUMNS)}
            >
              <span role="columnheader" className="py-1 pr-2.5 text-right sm:pr-3">
                index
              </span>
              <span role="columnheader" className="py-1 pl-1.5">
                term
              </span>
              <span role="columnheader" className="py-1 pl-1">
                command
              </span>
              {view.nodes.map((node) => (
                <Frontier
                  key={node.id}
                  id={node.id}
                  commitIndex={node.commitIndex}
                  lag={commitLag(view, node)}
                  down={node.state !== 'serving'}
                  onShow={() => scroll.show(Math.max(1, node.commitIndex), 'center')}
                />
              ))}
            </div>
          </div>
          <div
            role="rowgroup"
            className={clsx('relative', LEAST_WIDTH, selection !== undefined && 'cursor-default')}
            style={{ height: count * ROW_PX }}
          >
            {items.map((item) => {
              const index = item.index + first;
              const term = standingTerm(view, index);
              const entry = findEntry(known, index, term) ?? findEntry(older, index, term);
              return (
                <LogRow
                  // By place: at the end of a long log, rows keep theirs and entries move through them.
                  key={item.index}
                  id={rowId(index)}
                  index={index}
                  term={term ?? entry?.term ?? null}
                  newTerm={index > 1 && term !== standingTerm(view, index - 1)}
                  forgotten={isForgotten(view, index)}
                  entry={entry}
                  cells={view.nodes.map((node) => rowCell(node, index, term))}
                  top={item.index * ROW_PX}
                  selected={index === selected}
                />
              );
            })}
          </div>
        </div>
      </div>
      {!following && (
        <button
          type="button"
          onClick={scroll.follow}
          className="absolute right-4 bottom-3 rounded-full border border-line-strong bg-raised px-3 py-1 text-[13px]"
        >
          {scroll.newCount > 0 ? `${scroll.newCount.toLocaleString('en')} new` : 'To the end'}
        </button>
      )}
    </div>
  );
}

/** As many rows, with the last one at their end. */
function tailOf(range: Range): Range {
  const endIndex = range.count - 1;
  const startIndex = Math.max(0, endIndex - (range.endIndex - range.startIndex));
  return { ...range, startIndex, endIndex };
}

function rowCell(node: NodeView, index: number, term: number | null): RowCell {
  const isCommit = node.commitIndex === index;
  return {
    ...cellOf(node, index, term),
    frontier: isCommit ? 'commit' : node.lastApplied === index ? 'applied' : null,
    down: node.state !== 'serving',
    isBase: node.firstIndex === index + 1,
  };
}

/** Where a key leads from the selected row; null for keys that lead nowhere. */
function stepOf(
  { key, altKey, ctrlKey, metaKey }: KeyboardEvent,
  selected: number | null,
  { end, following }: LogScroll,
  last: number,
): number | null {
  if (altKey || ctrlKey || metaKey) return null;
  const from = selected ?? (following ? end + 1 : end);
  const to = { Home: 1, End: last, ...stepsFrom(from) }[key];
  return to === undefined ? null : Math.min(last, Math.max(1, to));
}

function stepsFrom(from: number): Readonly<Record<string, number>> {
  return {
    ArrowUp: from - 1,
    ArrowDown: from + 1,
    PageUp: from - PAGE_ROWS,
    PageDown: from + PAGE_ROWS,
  };
}
