'use client';

import clsx from 'clsx';
import { useState } from 'react';
import type { Moment } from '../../client/keys-moment.ts';
import type { DiffOptions } from '../../client/http-client.ts';
import { isNow } from '../../client/keys-moment.ts';
import { formatTimestamp, parseAsOf, writeAsOf } from '../../client/time-input.ts';
import type { Coordinates } from '../../client/time-input.ts';
import type { DiffAnswer } from '../../contracts/kv.ts';
import { client } from '../cluster/use-action.ts';
import { valueTitle, ValueText } from '../data/value-text.tsx';
import { useNow } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { CopyCurl } from '../ui/copy-curl.tsx';
import { TextField } from '../ui/field.tsx';
import { useCurl } from '../ui/use-curl.ts';
import { ReadFailure } from './read-failure.tsx';
import { useAnswer } from '../live/use-answer.ts';

/** Changes that are drawn; the API has the rest. */
const SHOWN = 200;

type Change = DiffAnswer['changes'][number];
type ChangeKind = 'added' | 'removed' | 'changed';

interface DiffViewProps {
  readonly moment: Moment;
  readonly against: Coordinates;
  onAgainst(against: Coordinates): void;
}

/** What is different between the moment and another instant, the earlier one at the left. */
export function DiffView({ moment, against, onAgainst }: DiffViewProps) {
  const { key, prefix, time } = moment;
  const scope = key === null ? { prefix } : { key };
  const question: DiffOptions = { before: time, after: against, ...scope, limit: SHOWN };
  const curl = useCurl();
  const { answer, failure, isOld } = useAnswer(
    JSON.stringify(['diff', scope, time, against]),
    async () => {
      const result = await client.diff(question);
      if (!result.ok) return result;
      const { before, after } = result.value;
      const names = [isNow(time) ? 'now' : 'this moment', isNow(against) ? 'now' : 'compared with'];
      const asOf = Math.max(before.asOf, after.asOf);
      return {
        ok: true,
        value: isInOrder(result.value)
          ? { diff: result.value, names, asOf }
          : { diff: turned(result.value), names: names.toReversed(), asOf },
      };
    },
    time.asOf !== undefined && against.asOf !== undefined ? null : scope,
  );
  const diff = answer?.diff ?? null;
  return (
    <div className="flex h-full flex-col" aria-busy={isOld}>
      <div className="flex flex-wrap items-end gap-x-3 gap-y-2 px-3 pt-3 pb-2">
        <h2 className="min-w-0 flex-1 basis-40 text-base font-medium">
          What changed in{' '}
          <span className="font-mono">{key ?? (prefix === '' ? 'all keys' : `${prefix}…`)}</span>
        </h2>
        <OtherTime against={against} onAgainst={onAgainst} />
        <CopyCurl size="sign" of="the comparison" command={curl((api) => api.diff(question))} />
      </div>
      {failure !== null && (
        <div className="px-3 pb-2">
          <ReadFailure failure={failure} />
        </div>
      )}
      <div
        data-testid="key-diff"
        data-changes={diff === null || isOld ? '' : diff.changes.length}
        className="min-h-0 flex-1 overflow-auto px-3 pb-3"
      >
        {diff === null && failure === null && <p className="text-quiet">Comparing…</p>}
        {diff !== null && diff.changes.length === 0 && (
          <p className="text-quiet">Nothing: both instants hold the same.</p>
        )}
        {diff !== null && diff.changes.length > 0 && (
          <DiffTable diff={diff} names={answer?.names ?? []} withKeys={key === null} />
        )}
        {diff !== null && diff.next !== null && (
          <p className="pt-2 text-[13px] text-quiet">There are more: GET /api/v1/diff</p>
        )}
      </div>
    </div>
  );
}

/** By the times that the answer names: only the server knows when a revision was. */
function isInOrder({ before, after }: DiffAnswer): boolean {
  return before.at === after.at ? before.asOf <= after.asOf : before.at < after.at;
}

function turned(diff: DiffAnswer): DiffAnswer {
  const changes = diff.changes.map(({ before, after, ...cell }) => ({
    ...cell,
    before: after,
    after: before,
  }));
  return { ...diff, before: diff.after, after: diff.before, changes };
}

interface OtherTimeProps {
  readonly against: Coordinates;
  onAgainst(against: Coordinates): void;
}

function OtherTime({ against, onAgainst }: OtherTimeProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const asked = parseAsOf(typed ?? '', useNow() ?? 0);
  const error = typed === null || asked.ok ? null : asked.message;
  const settle = (): void => {
    if (typed === null || !asked.ok) return;
    setTyped(null);
    onAgainst(asked.coordinates);
  };
  return (
    <form
      aria-label="Compared with"
      className="flex min-w-0 flex-1 basis-64 items-end gap-2 sm:max-w-80"
      onSubmit={(event) => {
        event.preventDefault();
        settle();
      }}
    >
      <TextField
        className="flex-1"
        label={error ?? 'Compare with'}
        name="compare"
        placeholder="now, -5m, rev 57"
        value={typed ?? (isNow(against) ? 'now' : writeAsOf(against))}
        onValue={setTyped}
        onBlur={settle}
        error={error}
      />
      <Button
        disabledBecause={isNow(against) ? 'It is compared with now' : null}
        onClick={() => {
          setTyped(null);
          onAgainst({});
        }}
      >
        Now
      </Button>
    </form>
  );
}

const SIGN: Readonly<Record<ChangeKind, string>> = { added: '+', removed: '−', changed: '~' };

interface DiffTableProps {
  readonly diff: DiffAnswer;
  /** What the page calls the two sides. */
  readonly names: readonly string[];
  readonly withKeys: boolean;
}

function DiffTable({ diff, names, withKeys }: DiffTableProps) {
  return (
    <table className="w-full table-fixed border-collapse text-[13px]">
      <caption className="sr-only">Each field that differs, at both instants</caption>
      <thead>
        <tr className="text-left text-xs text-quiet">
          <th scope="col" className="w-[30%] py-1 pr-2 font-normal sm:w-[26%]">
            field
          </th>
          <th scope="col" className="py-1 pr-2 font-normal">
            <SideName side={diff.before} name={names[0]} />
          </th>
          <th scope="col" className="py-1 font-normal">
            <SideName side={diff.after} name={names[1]} />
          </th>
        </tr>
      </thead>
      <tbody>
        {diff.changes.map((change) => (
          <DiffRow key={`${change.key}\n${change.field}`} change={change} withKey={withKeys} />
        ))}
      </tbody>
    </table>
  );
}

interface SideNameProps {
  readonly side: DiffAnswer['before'];
  readonly name: string | undefined;
}

function SideName({ side: { at, asOf }, name }: SideNameProps) {
  return (
    <>
      <span className="block font-medium">{name}</span>
      <span className="block font-mono break-words text-text">{formatTimestamp(at)}</span>
      as of revision <span className="font-mono">{asOf}</span>
    </>
  );
}

function DiffRow({ change, withKey }: { readonly change: Change; readonly withKey: boolean }) {
  const kind = kindOf(change);
  return (
    <tr
      data-testid={`diff-${change.key}-${change.field}`}
      data-kind={kind}
      className="border-t border-line align-top"
    >
      <th scope="row" className="py-1.5 pr-2 text-left font-normal">
        <span className="block font-mono wrap-anywhere">
          {withKey && <span className="text-quiet">{change.key}.</span>}
          {change.field}
        </span>
        <span
          className={clsx(
            'text-xs font-medium whitespace-nowrap',
            kind === 'added' && 'text-added',
            kind === 'removed' && 'text-danger',
          )}
        >
          <span aria-hidden="true" className="mr-1 inline-block w-2 font-mono">
            {SIGN[kind]}
          </span>
          {kind}
        </span>
      </th>
      <Side value={change.before?.value ?? null} tone={kind === 'added' ? 'none' : 'removed'} />
      <Side value={change.after?.value ?? null} tone={kind === 'removed' ? 'none' : 'added'} />
    </tr>
  );
}

interface SideProps {
  readonly value: NonNullable<Change['before']>['value'] | null;
  readonly tone: 'none' | 'added' | 'removed';
}

function Side({ value, tone }: SideProps) {
  return (
    // oxlint-disable-next-line jsx-a11y/control-has-associated-label -- a cell of a table, and its text is the value
    <td className="py-1 pr-1">
      <span
        title={valueTitle(value)}
        className={clsx(
          'block rounded-md border-l-4 px-2 py-0.5 font-mono wrap-anywhere',
          tone === 'removed' && 'border-danger bg-danger-wash',
          tone === 'added' && 'border-added bg-added-wash',
          tone === 'none' && 'border-line',
        )}
      >
        <span className="line-clamp-4">
          <ValueText value={value} />
        </span>
      </span>
    </td>
  );
}

export function kindOf({ before, after }: Pick<Change, 'before' | 'after'>): ChangeKind {
  if (before === null) return 'added';
  return after === null ? 'removed' : 'changed';
}
