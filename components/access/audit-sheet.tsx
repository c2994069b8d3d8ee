'use client';

import clsx from 'clsx';
import { useEffect, useState } from 'react';
import type { ApiResult } from '../../client/api-failure.ts';
import { formatTimestamp } from '../../client/time-input.ts';
import type { AuditAnswer, AuditRecord } from '../../contracts/audit.ts';
import { client } from '../cluster/use-action.ts';
import { Button } from '../ui/button.tsx';
import { Sheet } from '../ui/sheet.tsx';

/** A file is recorded as it begins to leave. */
const WENT_WELL: ReadonlySet<string> = new Set(['done', 'begun']);

interface AuditSheetProps {
  readonly open: boolean;
  onClose(): void;
}

/** Who did what to the cluster, newest first, page by page. */
export function AuditSheet({ open, onClose }: AuditSheetProps) {
  return (
    <Sheet title="Trail of actions" wide open={open} onClose={onClose}>
      <Trail />
    </Sheet>
  );
}

function Trail() {
  const [answer, setAnswer] = useState<AuditAnswer | null>(null);
  const [records, setRecords] = useState<readonly AuditRecord[]>([]);
  const [failure, setFailure] = useState<string | null>(null);
  const take = (result: ApiResult<AuditAnswer>): void => {
    setFailure(result.ok ? null : result.failure.message);
    if (!result.ok) return;
    setAnswer(result.value);
    setRecords((shown) => [...shown, ...result.value.records]);
  };
  useEffect(() => {
    let isGone = false;
    void client.audit(null).then((result) => {
      if (!isGone) take(result);
    });
    return () => {
      isGone = true;
    };
  }, []);
  return (
    <>
      <p className="text-quiet">
        {answer === null || answer.recorded !== 'off'
          ? 'What operators did, who came in, and who was turned away. It is kept in the store itself, where no client can change it.'
          : 'Actions are not recorded on this server (AUDIT=off).'}
      </p>
      <p role="status" className={clsx('text-sm', failure !== null && 'text-danger')}>
        {failure ?? (answer === null ? 'Asking…' : noticeOf(answer))}
      </p>
      {records.length > 0 && (
        <div className="rounded-lg border border-line">
          <table aria-label="Actions, newest first" className="w-full text-left text-sm">
            <thead className="hidden text-xs text-quiet sm:table-header-group">
              <tr>
                {['Time', 'Who', 'Action', 'Outcome', 'From'].map((name) => (
                  <th key={name} scope="col" className="px-3 py-2 font-normal whitespace-nowrap">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {records.map((record) => (
                <Row key={record.id} record={record} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {answer?.next !== null && answer !== null && (
        <Button className="self-start" onClick={() => void client.audit(answer.next).then(take)}>
          Older
        </Button>
      )}
    </>
  );
}

function Row({ record }: { readonly record: AuditRecord }) {
  const { atMs, who, role, what, detail, outcome, revision, from, times } = record;
  return (
    <tr className="flex flex-wrap border-t border-line py-1 align-top first:border-t-0 sm:table-row">
      <td className="px-3 py-0.5 sm:py-1.5 whitespace-nowrap tabular-nums">
        {formatTimestamp(atMs)}
      </td>
      <td className="px-3 py-0.5 sm:py-1.5 whitespace-nowrap">
        {who ?? 'unknown'} {role !== null && <span className="text-quiet">{role}</span>}
      </td>
      <td className="w-full px-3 py-0.5 font-mono break-all sm:w-auto sm:py-1.5">
        {what}
        {detail !== null && <span className="block text-xs text-quiet">{detail}</span>}
      </td>
      <td className={clsx('px-3 py-0.5 sm:py-1.5', !WENT_WELL.has(outcome) && 'text-danger')}>
        {outcome}
        {revision !== null && <span className="text-quiet"> rev {revision}</span>}
        {times > 1 && <span className="text-quiet"> × {times}</span>}
      </td>
      <td className="px-3 py-0.5 sm:py-1.5 font-mono whitespace-nowrap">{from}</td>
    </tr>
  );
}

/** What is not in the list, or not yet. */
function noticeOf({ records, waiting, lost, current }: AuditAnswer): string {
  const notices = [
    ...(current ? [] : ['There is no quorum: what is newest may be missing.']),
    ...(waiting > 0 ? [`${waiting} wait to be written.`] : []),
    ...(lost > 0 ? [`${lost} were given up, and stand in the server’s log alone.`] : []),
  ];
  return notices.join(' ') || (records.length === 0 ? 'Nothing yet.' : '');
}
