'use client';

import clsx from 'clsx';
import { Trash2 } from 'lucide-react';
import { isNow } from '../../client/keys-moment.ts';
import type { Moment } from '../../client/keys-moment.ts';
import { recordRows } from '../../client/record-rows.ts';
import type { RecordRow } from '../../client/record-rows.ts';
import { formatNear } from '../../client/time-input.ts';
import type { FieldView, Value } from '../../contracts/kv.ts';
import { useActionsDisabled } from '../live/live-provider.tsx';
import { valueTitle, ValueText } from '../data/value-text.tsx';
import { Button } from '../ui/button.tsx';
import { ReadFailure } from './read-failure.tsx';
import { useDelete } from './use-delete.ts';
import type { Shown } from './use-shown.ts';

interface RecordViewProps {
  readonly moment: Moment;
  readonly shown: Shown;
  onField(field: string | null): void;
  /** Back to the keys as a whole. */
  onLeave(): void;
}

/** One record at the moment: each field's value, since when, and until when. */
export function RecordView({ moment, shown, onField, onLeave }: RecordViewProps) {
  const { key, field: chosen, time } = moment;
  const isPast = !isNow(time);
  const { record, recordNow, now } = shown;
  const { remove, removeRecord, busy } = useDelete();
  const disabled = useActionsDisabled() ?? (busy ? 'A delete is under way' : null);
  if (key === null) return null;
  const then = record.answer?.key === key ? record.answer : null;
  const present = recordNow.answer?.key === key ? recordNow.answer : null;
  // Until the moment has been read, nothing is said of it, not even that something was absent.
  const rows = then === null ? [] : recordRows(then, isPast ? present : null);
  return (
    <div
      data-testid="record"
      data-key={key}
      data-at={then?.at ?? ''}
      data-fields={then?.fields.length ?? ''}
      aria-busy={record.isOld}
      className="flex h-full flex-col"
    >
      <div className="flex min-h-13 items-center gap-2 px-3 pt-3 pb-2">
        <button
          type="button"
          onClick={onLeave}
          className="shrink-0 text-[13px] text-quiet underline underline-offset-2 hover:text-text"
        >
          All keys
        </button>
        <span aria-hidden="true" className="text-quiet">
          /
        </span>
        <h2 className="min-w-0 flex-1 truncate font-mono text-base font-medium" title={key}>
          {key}
        </h2>
        {!isPast && rows.length > 0 && (
          <Button
            tone="danger"
            disabledBecause={disabled}
            title="Deletes all fields of this record, now; the past stays"
            onClick={() => removeRecord(key)}
          >
            Delete record
          </Button>
        )}
      </div>
      {record.failure !== null && (
        <div className="px-3 pb-2">
          <ReadFailure failure={record.failure} />
        </div>
      )}
      <ul aria-label={`Fields of ${key}`} className="min-h-0 flex-1 overflow-auto px-1.5 pb-2">
        {rows.map((row) => (
          <li key={row.field}>
            <FieldRow
              row={row}
              now={now}
              isPast={isPast}
              chosen={row.field === chosen}
              disabled={disabled}
              onChoose={() => onField(row.field === chosen ? null : row.field)}
              onDelete={() => remove(key, row.field)}
            />
          </li>
        ))}
        {then === null && record.failure === null && (
          <li className="p-1.5 text-quiet">Reading the record…</li>
        )}
        {then !== null && rows.length === 0 && (
          <li className="p-1.5 text-quiet">
            {isPast
              ? 'No fields at this time, and none now.'
              : shown.axis.stops.length === 0
                ? 'Nothing was ever written here. Write its first field.'
                : 'No fields now. What it once had is in the past: go back by the slider, or write one.'}
          </li>
        )}
        {then !== null && then.next !== null && (
          <li className="p-1.5 text-[13px] text-quiet">
            Further fields: GET /api/v1/kv/{encodeURIComponent(key)}
          </li>
        )}
      </ul>
    </div>
  );
}

interface FieldRowProps {
  readonly row: RecordRow;
  readonly now: number;
  readonly isPast: boolean;
  readonly chosen: boolean;
  readonly disabled: string | null;
  onChoose(): void;
  onDelete(): void;
}

function FieldRow({ row, now, isPast, chosen, disabled, onChoose, onDelete }: FieldRowProps) {
  const { field, held, present } = row;
  const differs = present !== undefined && !isSame(held?.value ?? null, present?.value ?? null);
  return (
    <div
      className={clsx(
        'flex items-stretch rounded-lg border',
        chosen ? 'border-text bg-raised' : 'border-transparent hover:border-line-strong',
      )}
    >
      <button
        type="button"
        aria-pressed={chosen}
        data-testid={`record-field-${field}`}
        data-found={held !== null}
        data-value={held === null ? '' : JSON.stringify(held.value)}
        data-revision={held?.version.revision ?? ''}
        title="Show its history"
        onClick={onChoose}
        className="grid min-w-0 flex-1 grid-cols-[5.5rem_minmax(0,1fr)] sm:grid-cols-[9rem_minmax(0,1fr)] gap-x-3 rounded-lg px-2 py-1.5 text-left -outline-offset-2"
      >
        <span className="truncate font-mono text-[13px] leading-6 text-quiet" title={field}>
          {field}
        </span>
        <span className="min-w-0">
          <span
            className="line-clamp-2 font-mono text-base leading-6 wrap-anywhere"
            title={valueTitle(held?.value ?? null)}
          >
            <ValueText value={held?.value ?? null} />
          </span>
          {held !== null && <Life view={held} now={now} />}
          {differs && (
            <span className="block truncate text-xs leading-5">
              <span className="text-quiet">now: </span>
              <span className="font-mono">
                <ValueText value={present?.value ?? null} />
              </span>
            </span>
          )}
        </span>
      </button>
      {!isPast && (
        <Button
          tone="bare"
          size="normal"
          className="my-auto mr-1 px-2 text-quiet hover:text-danger"
          aria-label={`Delete ${field}`}
          title={`Deletes ${field}, now; its past stays`}
          disabledBecause={disabled}
          onClick={onDelete}
        >
          <Trash2 className="size-4" aria-hidden="true" />
        </Button>
      )}
    </div>
  );
}

/** Since when a value stands, and what is known of its end. */
function Life({ view, now }: { readonly view: FieldView; readonly now: number }) {
  const { timestamp, revision, expiresAt, validTo } = view.version;
  return (
    <span className="block text-xs leading-5 text-quiet">
      since <span className="font-mono whitespace-nowrap">{formatNear(timestamp, now)}</span>
      {validTo !== undefined && (
        <>
          {' '}
          until <span className="font-mono whitespace-nowrap">{formatNear(validTo, now)}</span>
        </>
      )}
      {expiresAt !== undefined &&
        (expiresAt === validTo ? (
          ', when it expires'
        ) : (
          <>
            , would expire{' '}
            <span className="font-mono whitespace-nowrap">{formatNear(expiresAt, now)}</span>
          </>
        ))}
      ,{' '}
      <span className="whitespace-nowrap">
        revision <span className="font-mono">{revision}</span>
      </span>
    </span>
  );
}

function isSame(a: Value | null, b: Value | null): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
