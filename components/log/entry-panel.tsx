'use client';

import Link from 'next/link';
import { cellOf, lastIndexOf, standingTerm, whyNoEntry } from '../../client/log-matrix.ts';
import { writeMoment } from '../../client/keys-moment.ts';
import { formatTimestamp } from '../../client/time-input.ts';
import type { ClusterView, EntryView } from '../../contracts/view.ts';
import { CELL_WORD, commandOf, KIND_WORD } from './log-words.ts';

interface EntryPanelProps {
  readonly view: ClusterView;
  readonly index: number | null;
  /** As it was when it was chosen, where the view does not carry it. */
  readonly chosen: EntryView | undefined;
}

/** One entry: what it is, and what each node has of it. */
export function EntryPanel({ view, index, chosen }: EntryPanelProps) {
  if (index === null || index > lastIndexOf(view)) {
    return (
      <p className="p-3 text-quiet">
        Choose a row to see the whole entry: when it was written, and which nodes have it.
      </p>
    );
  }
  const term = standingTerm(view, index) ?? chosen?.term ?? null;
  const entry =
    view.entries.find((other) => other.index === index && other.term === term) ??
    (chosen?.index === index && (term === null || chosen.term === term) ? chosen : undefined);
  const isCommitted = view.nodes.some((node) => node.commitIndex >= index);
  return (
    <div data-testid="log-entry" data-index={index} data-term={term ?? ''} className="p-3">
      <p className="flex items-baseline gap-3">
        <span className="font-mono text-xl font-semibold">{index.toLocaleString('en')}</span>
        <span className="text-sm text-quiet">
          {term === null ? 'of a term no log tells any more' : `term ${term}`},{' '}
          {isCommitted ? 'committed' : 'not committed'}
        </span>
      </p>
      {entry === undefined ? (
        <p className="mt-2 text-quiet">
          {whyNoEntry(view, index) ?? 'It is on its way from a log that holds it.'}
        </p>
      ) : (
        <dl className="mt-2 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-sm">
          <dt className="text-quiet">Kind</dt>
          <dd>{KIND_WORD[entry.kind]}</dd>
          <dt className="text-quiet">Command</dt>
          <dd className="font-mono text-[13px] break-words">{commandOf(entry)}</dd>
          <dt className="text-quiet">Stamp</dt>
          <dd className="font-mono text-[13px]">{stampWords(entry.stamp)}</dd>
        </dl>
      )}
      <table className="mt-3 w-full text-sm">
        <caption className="sr-only">What each node has at index {index}</caption>
        <thead className="text-left text-xs text-quiet">
          <tr>
            <th scope="col" className="w-12 py-1 font-normal">
              node
            </th>
            <th scope="col" className="py-1 font-normal">
              entry
            </th>
          </tr>
        </thead>
        <tbody>
          {view.nodes.map((node) => {
            const cell = cellOf(node, index, term);
            return (
              <tr key={node.id} data-state={cell.state} className="border-t border-line align-top">
                <th scope="row" className="py-1 text-left font-mono font-normal">
                  {node.id}
                </th>
                <td className="py-1">
                  {CELL_WORD[cell.state]}
                  {cell.state === 'divergent' && ` (term ${cell.term})`}
                  {node.state !== 'serving' && <span className="text-quiet">, when last seen</span>}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {isCommitted && (
        <Link
          href={`/keys?${asOf(index)}`}
          className="mt-3 inline-block text-sm underline underline-offset-4"
        >
          See the store as of this entry
        </Link>
      )}
    </div>
  );
}

function asOf(index: number): string {
  return writeMoment({ prefix: '', key: null, field: null, time: { asOf: index }, against: null });
}

/** Microseconds since 1970, as a date to the microsecond. */
function stampWords(stamp: number): string {
  if (stamp <= 0) return 'none';
  const micros = String(stamp % 1000).padStart(3, '0');
  return formatTimestamp(Math.floor(stamp / 1000)).replace(' UTC', `${micros} UTC`);
}
