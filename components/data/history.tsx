'use client';

import clsx from 'clsx';
import { useMemo } from 'react';
import { formatNear, formatTimestamp, writeAsOf } from '../../client/time-input.ts';
import type { HistoryAnswer, HistoryVersion } from '../../contracts/kv.ts';
import { CopyCurl } from '../ui/copy-curl.tsx';
import { useCurl } from '../ui/use-curl.ts';
import { ValueText } from './value-text.tsx';

interface HistoryProps {
  readonly history: HistoryAnswer | null;
  /** Revision of the version that the last read answered. */
  readonly shownRevision: number | null;
  /** A version was chosen: read as of `text`. */
  onChoose(text: string): void;
}

/** Rows drawn; a field may have a million versions. */
const SHOWN = 200;

/** Every version of the field, newest first; nothing is ever overwritten. */
export function History({ history, shownRevision, onChoose }: HistoryProps) {
  const curl = useCurl();
  const rows = useMemo(() => (history === null ? [] : rowsOf(history.versions)), [history]);
  const count = history?.versions.length ?? 0;
  return (
    <section
      aria-label="History of the field"
      className="flex min-h-44 min-w-0 flex-col border-t border-line sm:border-t-0 sm:border-l"
    >
      <h3 className="flex gap-2 px-3 pt-3 text-xs text-quiet">
        <span className="min-w-0 truncate">
          {history === null ? 'History' : `History of ${history.key}.${history.field}`}
        </span>
        {history !== null && (
          <span className="ml-auto shrink-0">
            {history.next !== null && 'the latest '}
            {count.toLocaleString('en')} version{count === 1 ? '' : 's'}
          </span>
        )}
        {history !== null && (
          <span className="-my-1 shrink-0">
            <CopyCurl
              size="line"
              of="the history"
              command={curl((api) => api.history(history.key, history.field, { order: 'desc' }))}
            />
          </span>
        )}
      </h3>
      <div className="relative min-h-0 flex-1">
        <ol className="absolute inset-0 overflow-auto p-1.5" aria-label="Versions, newest first">
          {history === null && (
            <li className="p-1.5 text-[13px] text-quiet">Read a field to see all it has been.</li>
          )}
          {history?.versions.length === 0 && (
            <li className="p-1.5 text-[13px] text-quiet">No versions. Write one.</li>
          )}
          {history !== null &&
            rows.slice(0, SHOWN).map(({ version, asOf }) => (
              <li key={`${version.revision}-${version.op}`}>
                <VersionRow
                  history={history}
                  version={version}
                  shown={version.revision === shownRevision}
                  onChoose={() => onChoose(asOf)}
                />
              </li>
            ))}
          {rows.length > SHOWN && (
            <li className="p-1.5 text-xs text-quiet">
              {history?.next === null && `${(rows.length - SHOWN).toLocaleString('en')} `}
              older ones: GET /api/v1/history
            </li>
          )}
        </ol>
      </div>
    </section>
  );
}

interface Row {
  readonly version: HistoryVersion;
  /** What to read to get this very version. */
  readonly asOf: string;
}

/** Newest first. A version that another of the same time has replaced is had by its revision as well. */
function rowsOf(versions: readonly HistoryVersion[]): readonly Row[] {
  const rows = versions.map((version, i) => {
    const { timestamp, revision } = version;
    const replaced = versions[i + 1]?.timestamp === timestamp;
    return {
      version,
      asOf: writeAsOf({ at: timestamp, ...(replaced && { asOf: revision }) }),
    };
  });
  return rows.reverse();
}

interface VersionRowProps {
  readonly history: HistoryAnswer;
  readonly version: HistoryVersion;
  readonly shown: boolean;
  onChoose(): void;
}

function VersionRow({ history, version, shown, onChoose }: VersionRowProps) {
  const { timestamp, revision, kind, value, expiresAt } = version;
  const { clusterTime } = history;
  const expired = expiresAt !== null && expiresAt <= clusterTime;
  return (
    <button
      type="button"
      data-testid={`key-version-${history.key}-${history.field}-${revision}`}
      data-kind={kind}
      data-timestamp={timestamp}
      aria-pressed={shown}
      title="Read as of this version's time"
      onClick={onChoose}
      className={clsx(
        'flex w-full flex-col rounded-lg border px-2 py-1 text-left text-[13px] hover:border-line-strong',
        shown ? 'border-text bg-raised' : 'border-transparent',
      )}
    >
      <span className="flex w-full items-baseline gap-2">
        <span className={clsx('min-w-0 flex-1 truncate font-mono', expired && 'line-through')}>
          {kind === 'delete' ? (
            <em className="font-sans text-quiet">deleted</em>
          ) : (
            <ValueText value={value} />
          )}
        </span>
        <span className="shrink-0 font-mono text-xs text-quiet">rev {revision}</span>
      </span>
      <span
        className="truncate font-mono text-[11px] text-quiet"
        title={formatTimestamp(timestamp)}
      >
        {formatNear(timestamp, clusterTime)}
        {timestamp > clusterTime && ' planned'}
        {expiresAt !== null &&
          ` ${expired ? 'expired' : 'until'} ${formatNear(expiresAt, clusterTime)}`}
      </span>
    </button>
  );
}
