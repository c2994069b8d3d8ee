'use client';

import clsx from 'clsx';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import type { ApiFailure, ApiResult } from '../../client/api-failure.ts';
import type { Moment } from '../../client/keys-moment.ts';
import { formatTimestamp } from '../../client/time-input.ts';
import { outcomeOf } from '../../client/write-outcome.ts';
import type { DiffAnswer } from '../../contracts/kv.ts';
import type { RestoreAnswer } from '../../contracts/write.ts';
import { client } from '../cluster/use-action.ts';
import { OutcomeWord } from '../data/outcome-word.tsx';
import { ValueText } from '../data/value-text.tsx';
import { WriterName } from '../data/write-session.ts';
import { useActionsDisabled } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { CopyCurl } from '../ui/copy-curl.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { useCurl } from '../ui/use-curl.ts';
import { kindOf } from './diff-view.tsx';

/** Changes that are counted before the question says "more than". */
const MOST_COUNTED = 5000;
const PAGE = 1000;
/** Changes that the question names. */
const NAMED = 6;

interface Scope {
  readonly key?: string;
  readonly field?: string;
  readonly prefix?: string;
}

interface Choice {
  readonly label: string;
  /** For the middle of a sentence. */
  readonly name: string;
  readonly scope: Scope;
}

interface RestoreProps {
  readonly moment: Moment;
  /** The view that the page shows, whole; null while it is being read. */
  readonly view: { readonly at: number; readonly asOf: number } | null;
  readonly now: number;
  onNow(): void;
}

/** Brings back what the page shows: as new versions, now. */
export function RestorePanel({ moment, view, now, onNow }: RestoreProps) {
  const [chosen, setChosen] = useState<(Choice & { readonly view: View }) | null>(null);
  const disabled = useActionsDisabled();
  const because =
    disabled ??
    (view === null
      ? 'The moment is still being read'
      : view.at > now
        ? 'It has not come yet: only what was can be restored'
        : null);
  return (
    <div className="flex flex-col gap-2 p-3">
      <h2 className="text-base font-medium">Restore from here</h2>
      <p className="text-[13px] text-quiet">
        Writes new versions, so that now equals what you see. Nothing is overwritten: the time in
        between stays as it was.
      </p>
      <div className="flex flex-wrap gap-2">
        {choicesOf(moment).map((choice, i) => (
          <Button
            key={choice.label}
            tone={i === 0 ? 'primary' : 'plain'}
            className="max-w-full"
            disabledBecause={because}
            onClick={() => view !== null && setChosen({ ...choice, view })}
          >
            <span className="truncate">{choice.label}</span>
          </Button>
        ))}
      </div>
      <Sheet title="Restore" open={chosen !== null} onClose={() => setChosen(null)}>
        {chosen !== null && (
          <RestoreQuestion
            {...chosen}
            onClose={() => setChosen(null)}
            onNow={() => {
              setChosen(null);
              onNow();
            }}
          />
        )}
      </Sheet>
    </div>
  );
}

type View = NonNullable<RestoreProps['view']>;

/** The smallest first. */
function choicesOf({ key, field, prefix }: Moment): readonly Choice[] {
  const choices: Choice[] = [];
  if (key !== null && field !== null)
    choices.push({ label: `Field ${field}`, name: `${key}.${field}`, scope: { key, field } });
  if (key !== null) choices.push({ label: `Record ${key}`, name: `all of ${key}`, scope: { key } });
  choices.push(
    prefix === ''
      ? { label: 'All keys', name: 'all keys', scope: {} }
      : {
          label: `All keys with ${prefix}`,
          name: `all keys that begin with “${prefix}”`,
          scope: { prefix },
        },
  );
  return choices;
}

interface Counted {
  readonly changes: readonly DiffAnswer['changes'][number][];
  readonly more: boolean;
}

type Step =
  | { readonly kind: 'counting' }
  | { readonly kind: 'ready'; readonly counted: Counted }
  | { readonly kind: 'sending' }
  | { readonly kind: 'done'; readonly answer: RestoreAnswer }
  | { readonly kind: 'failed'; readonly failure: ApiFailure; readonly again: 'count' | 'send' };

interface RestoreQuestionProps extends Choice {
  readonly view: View;
  onClose(): void;
  onNow(): void;
}

/** Says what a restore would change, asks, does it, and tells what came of it. */
function RestoreQuestion({ name, scope, view, onClose, onNow }: RestoreQuestionProps) {
  const [step, setStep] = useState<Step>({ kind: 'counting' });
  const curl = useCurl();
  /** One restore of this question under one name: sent again, it counts once. */
  const restore = useRef<(() => Promise<ApiResult<RestoreAnswer>>) | null>(null);
  const count = useEffectEvent(async (isOver: () => boolean): Promise<void> => {
    const next = await countChanges(scope, view);
    if (!isOver()) setStep(next);
  });
  const isCounting = step.kind === 'counting';
  useEffect(() => {
    if (!isCounting) return;
    let over = false;
    void count(() => over);
    return () => {
      over = true;
    };
  }, [isCounting]);

  const send = async (): Promise<void> => {
    restore.current ??= new WriterName(client).named((name) =>
      client.restore({ ...scope, ...view, ...name }),
    );
    setStep({ kind: 'sending' });
    const result = await restore.current();
    setStep(
      result.ok
        ? { kind: 'done', answer: result.value }
        : { kind: 'failed', failure: result.failure, again: 'send' },
    );
  };
  const isEmpty = step.kind === 'ready' && step.counted.changes.length === 0;
  return (
    <>
      <p>
        Restore <strong className="font-semibold break-all">{name}</strong> to how it was at{' '}
        <span className="font-mono whitespace-nowrap">{formatTimestamp(view.at)}</span>, as known at
        revision <span className="font-mono">{view.asOf}</span>.
      </p>
      <RestoreStatus step={step} />
      <div className="flex flex-wrap justify-end gap-2">
        {step.kind !== 'done' && !isEmpty && (
          <CopyCurl command={curl((api) => api.restore({ ...scope, ...view }))} />
        )}
        <Button onClick={onClose}>
          {step.kind === 'done' || isEmpty ? 'Close' : 'Leave it as it is'}
        </Button>
        {step.kind === 'done' && (
          <Button tone="primary" onClick={onNow}>
            Back to now
          </Button>
        )}
        {step.kind === 'ready' && !isEmpty && (
          <Button tone="primary" onClick={() => void send()}>
            Restore {countWords(step.counted)}
          </Button>
        )}
        {step.kind === 'failed' && (
          <Button
            tone="primary"
            title={
              step.again === 'send'
                ? 'The same restore under the same name: it is done once, however often it is sent'
                : undefined
            }
            onClick={() => (step.again === 'send' ? void send() : setStep({ kind: 'counting' }))}
          >
            {step.again === 'send' ? 'Send it again' : 'Count again'}
          </Button>
        )}
      </div>
    </>
  );
}

async function countChanges(scope: Scope, view: View): Promise<Step> {
  const changes: DiffAnswer['changes'][number][] = [];
  let cursor: string | null = null;
  do {
    const sides: { readonly cursor: string } | { readonly after: View } =
      cursor === null ? { after: view } : { cursor };
    const page = await client.diff({ ...scope, ...sides, limit: PAGE });
    if (!page.ok) return { kind: 'failed', failure: page.failure, again: 'count' };
    changes.push(...page.value.changes);
    cursor = page.value.next;
  } while (cursor !== null && changes.length < MOST_COUNTED);
  return { kind: 'ready', counted: { changes, more: cursor !== null } };
}

function countWords({ changes: { length }, more }: Counted): string {
  return `${more ? 'more than ' : ''}${length.toLocaleString('en')} field${length === 1 ? '' : 's'}`;
}

const WILL = { added: 'comes back', removed: 'is taken away', changed: 'changes' } as const;
const MARK = { added: '+', removed: '−', changed: '~' } as const;

function RestoreStatus({ step }: { readonly step: Step }) {
  return (
    <div
      role="status"
      data-testid="restore-result"
      data-step={step.kind}
      data-outcome={
        step.kind === 'done'
          ? 'committed'
          : step.kind === 'failed' && step.again === 'send'
            ? outcomeOf(step.failure)
            : ''
      }
      data-fields={
        step.kind === 'done'
          ? step.answer.fields
          : step.kind === 'ready'
            ? step.counted.changes.length
            : ''
      }
      className="min-h-24"
    >
      {step.kind === 'counting' && <p className="text-quiet">Counting what would change…</p>}
      {step.kind === 'sending' && (
        <p className="text-quiet">On its way to the disks of a quorum…</p>
      )}
      {step.kind === 'ready' && <WouldChange counted={step.counted} />}
      {step.kind === 'done' && <Done answer={step.answer} />}
      {step.kind === 'failed' && <Failed failure={step.failure} sent={step.again === 'send'} />}
    </div>
  );
}

function WouldChange({ counted }: { readonly counted: Counted }) {
  const { changes } = counted;
  if (changes.length === 0) return <p>Nothing would change: it is now as it was then.</p>;
  return (
    <>
      <p className="pb-1 font-medium">{countWords(counted)} would change:</p>
      <ul className="text-[13px]">
        {changes.slice(0, NAMED).map((change) => {
          const kind = kindOf(change);
          return (
            <li
              key={`${change.key}\n${change.field}`}
              className="flex items-baseline gap-2 border-t border-line py-1"
            >
              <span
                aria-hidden="true"
                className={clsx(
                  'w-2 shrink-0 font-mono',
                  kind === 'added' && 'text-added',
                  kind === 'removed' && 'text-danger',
                )}
              >
                {MARK[kind]}
              </span>
              <span className="max-w-[40%] shrink-0 truncate font-mono">
                {`${change.key}.${change.field}`}
              </span>
              <span className="shrink-0 text-quiet">{WILL[kind]}</span>
              <span className="min-w-0 flex-1 truncate text-right font-mono">
                {kind === 'removed' ? (
                  <ValueText value={change.before?.value ?? null} />
                ) : (
                  <>
                    {kind === 'changed' && (
                      <>
                        <span className="text-quiet">
                          <ValueText value={change.before?.value ?? null} />
                        </span>{' '}
                        →{' '}
                      </>
                    )}
                    <ValueText value={change.after?.value ?? null} />
                  </>
                )}
              </span>
            </li>
          );
        })}
      </ul>
      {(changes.length > NAMED || counted.more) && (
        <p className="border-t border-line pt-1 text-[13px] text-quiet">and so on</p>
      )}
    </>
  );
}

function Done({ answer }: { readonly answer: RestoreAnswer }) {
  if (answer.revision === null)
    return <p>There was nothing to change any more, so nothing was written.</p>;
  return (
    <p>
      <OutcomeWord outcome="committed" /> {answer.fields.toLocaleString('en')} field
      {answer.fields === 1 ? '' : 's'} restored by revision{' '}
      <span className="font-mono">{answer.revision}</span>, by {answer.leader} in term{' '}
      <span className="font-mono">{answer.term}</span>.
    </p>
  );
}

function Failed({ failure, sent }: { readonly failure: ApiFailure; readonly sent: boolean }) {
  const outcome = outcomeOf(failure);
  if (sent && outcome === 'unknown')
    return (
      <p>
        <OutcomeWord outcome={outcome} /> it may be committed, now or later. Sent again, it counts
        once.
      </p>
    );
  return (
    <p>
      {sent ? (
        <OutcomeWord outcome={outcome} />
      ) : (
        <strong className="text-danger">
          <span aria-hidden="true">✗</span> Not counted
        </strong>
      )}{' '}
      {failure.message} ({failure.code})
    </p>
  );
}
