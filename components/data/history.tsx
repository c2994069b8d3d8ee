'use client';

import clsx from 'clsx';
import { formatTimestamp, parseAsOf } from '../../client/time-input.ts';
import type { HistoryAnswer, HistoryVersion } from '../../contracts/kv.ts';

interface HistoryProps {
  readonly history: HistoryAnswer | null;
  readonly asOf: string;
  /** A version was chosen: read as of its time. */
  onAsOf(text: string): void;
}

/** Every version of the field, newest first; nothing is ever overwritten. */
export function History({ history, asOf, onAsOf }: HistoryProps) {
  return (
    <section
      aria-label="History of the field"
      className="flex min-h-40 flex-col border-t border-line sm:border-t-0 sm:border-l"
    >
      <h3 className="px-3 pt-2 text-xs text-quiet">
        {history === null
          ? 'History'
          : `History of ${history.key}.${history.field}: ${history.versions.length} version${history.versions.length === 1 ? '' : 's'}`}
      </h3>
      <div className="relative min-h-0 flex-1">
        <ol
          className="absolute inset-0 overflow-auto p-1.5"
          tabIndex={0}
          aria-label="Versions, newest first"
        >
          {history === null && (
            <li className="p-1.5 text-[13px] text-quiet">Read a field to see all it has been.</li>
          )}
          {history?.versions.length === 0 && (
            <li className="p-1.5 text-[13px] text-quiet">No versions. Write one.</li>
          )}
          {history !== null &&
            [...history.versions].reverse().map((version) => (
              <li key={`${version.revision}-${version.op}`}>
                <VersionRow
                  history={history}
                  version={version}
                  chosen={isChosen(version, asOf)}
                  onAsOf={onAsOf}
                />
              </li>
            ))}
        </ol>
      </div>
    </section>
  );
}

interface VersionRowProps {
  readonly history: HistoryAnswer;
  readonly version: HistoryVersion;
  readonly chosen: boolean;
  onAsOf(text: string): void;
}

function VersionRow({ history, version, chosen, onAsOf }: VersionRowProps) {
  const { timestamp, revision, kind, value, expiresAt } = version;
  const expired = expiresAt !== null && expiresAt <= history.clusterTime;
  const future = timestamp > history.clusterTime;
  const note =
    expiresAt === null
      ? future
        ? 'planned'
        : null
      : expired
        ? `expired ${formatTimestamp(expiresAt)}`
        : `until ${formatTimestamp(expiresAt)}`;
  return (
    <button
      type="button"
      data-testid={`key-version-${history.key}-${history.field}-${revision}`}
      data-kind={kind}
      aria-pressed={chosen}
      title="Read as of this time"
      onClick={() => onAsOf(String(timestamp))}
      className={clsx(
        'flex w-full flex-col rounded-lg border px-2 py-1 text-left text-[13px] hover:border-line-strong',
        chosen ? 'border-past' : 'border-transparent',
      )}
    >
      <span className="flex w-full items-baseline gap-2">
        <span className={clsx('min-w-0 flex-1 truncate font-mono', expired && 'line-through')}>
          {kind === 'delete' ? <em className="font-sans text-quiet">deleted</em> : value}
        </span>
        <span className="shrink-0 font-mono text-xs text-quiet">rev {revision}</span>
      </span>
      <span className="truncate font-mono text-[11px] text-quiet">
        {formatTimestamp(timestamp)}
        {note !== null && ` ${note}`}
      </span>
    </button>
  );
}

function isChosen(version: HistoryVersion, asOf: string): boolean {
  const asked = parseAsOf(asOf, 0);
  return asked.kind === 'at' && asked.at === version.timestamp;
}
