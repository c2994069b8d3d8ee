'use client';

import clsx from 'clsx';
import { Search } from 'lucide-react';
import { useRef, useState } from 'react';
import type { KeyboardEvent, MouseEvent } from 'react';
import { isNow, writeMoment } from '../../client/keys-moment.ts';
import type { Moment } from '../../client/keys-moment.ts';
import { client } from '../cluster/use-action.ts';
import { Button } from '../ui/button.tsx';
import { ReadFailure } from './read-failure.tsx';
import { useAnswer } from '../live/use-answer.ts';

/** Keys on a page at first, and with each "more". */
const PAGE = 100;
/** Keys that are shown at once; the list then goes on from the last one. */
const MOST = 500;

interface KeyListProps {
  readonly moment: Moment;
  onPrefix(prefix: string): void;
  onKey(key: string): void;
}

/** The keys that there are at the moment, narrowed by typing. Arrow keys walk, Enter opens. */
export function KeyList({ moment, onPrefix, onKey }: KeyListProps) {
  const { prefix, time, key: chosen } = moment;
  const [limit, setLimit] = useState(PAGE);
  /** First key of the list; null for the very first. */
  const [start, setStart] = useState<string | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const isPinned = time.asOf !== undefined;
  const { answer, failure, isOld } = useAnswer(
    JSON.stringify(['keys', prefix, start, limit, time]),
    () => client.keys({ prefix, limit, ...(start !== null && { start }), ...time }),
    isPinned ? null : { prefix },
  );
  const keys = answer?.keys ?? [];
  const search = (text: string): void => {
    setLimit(PAGE);
    setStart(null);
    onPrefix(text);
  };
  const more = (): void => {
    const last = keys.at(-1)?.key;
    if (limit < MOST || last === undefined) {
      setLimit(limit + PAGE);
      return;
    }
    setStart(last);
    setLimit(PAGE);
    list.current?.scrollTo({ top: 0 });
  };
  // One key is in the tab order: the chosen one, or the first.
  const reachable = keys.some(({ key }) => key === chosen) ? chosen : (keys[0]?.key ?? null);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <label className="relative block p-2">
        <span className="sr-only">Search keys by prefix</span>
        <Search
          className="pointer-events-none absolute top-4.5 left-4 size-4 text-quiet"
          aria-hidden="true"
        />
        <input
          type="search"
          name="prefix"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          placeholder="Keys that begin with…"
          value={prefix}
          onChange={(event) => search(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'ArrowDown') return;
            event.preventDefault();
            list.current?.querySelector<HTMLElement>('a')?.focus();
          }}
          className="h-9 w-full rounded-lg border border-line-strong bg-raised pr-2 pl-8 font-mono text-[13px] placeholder:font-sans placeholder:text-quiet"
        />
      </label>
      {start !== null && (
        <button
          type="button"
          onClick={() => setStart(null)}
          className="px-3 pb-1 text-left text-xs underline underline-offset-2"
        >
          From the first key
        </button>
      )}
      <ul
        ref={list}
        aria-label="Keys"
        aria-busy={isOld}
        data-testid="key-list"
        data-count={keys.length}
        className="min-h-0 flex-1 overflow-auto px-1.5 pb-2"
      >
        {keys.map(({ key, fields }) => (
          <li key={key} className="[contain-intrinsic-size:auto_2rem] [content-visibility:auto]">
            <a
              href={`/keys?${writeMoment({ ...moment, key, field: null })}`}
              aria-current={key === chosen ? 'true' : undefined}
              tabIndex={key === reachable ? 0 : -1}
              onClick={(event) => {
                if (opensElsewhere(event)) return;
                event.preventDefault();
                onKey(key);
              }}
              onKeyDown={(event) => walk(event, list.current)}
              className={clsx(
                'flex min-h-8 items-baseline gap-2 rounded-md border px-2 py-1 -outline-offset-2',
                key === chosen
                  ? 'border-text bg-raised'
                  : 'border-transparent hover:border-line-strong',
              )}
            >
              <KeyName name={key} />
              <span className="shrink-0 text-xs text-quiet">
                {fields.toLocaleString('en')}
                <span className="sr-only"> field{fields === 1 ? '' : 's'}</span>
              </span>
            </a>
          </li>
        ))}
        {answer !== null && answer.next !== null && (
          <li className="p-1">
            <Button className="w-full" onClick={more}>
              {limit < MOST ? 'More keys' : 'The next keys'}
            </Button>
          </li>
        )}
        {answer !== null && keys.length === 0 && (
          <li className="px-2 py-1 text-[13px] text-quiet">{noKeys(moment)}</li>
        )}
        {answer === null && failure === null && (
          <li className="px-2 py-1 text-[13px] text-quiet">Reading the keys…</li>
        )}
        {failure !== null && (
          <li className="px-2 py-1">
            <ReadFailure failure={failure} />
          </li>
        )}
      </ul>
    </div>
  );
}

/** Keys of one folder differ at their end: the beginning gives way first. */
function KeyName({ name }: { readonly name: string }) {
  const folder = name.slice(0, name.lastIndexOf('/') + 1);
  return (
    <span className="flex min-w-0 flex-1 font-mono text-[13px]" title={name}>
      {folder !== '' && <span className="min-w-0 shrink-9999 truncate text-quiet">{folder}</span>}
      <span className="min-w-0 truncate">{name.slice(folder.length)}</span>
    </span>
  );
}

function noKeys({ prefix, time }: Moment): string {
  const which = prefix === '' ? 'No keys' : `No keys that begin with “${prefix}”`;
  if (!isNow(time)) return `${which} at this time.`;
  return prefix === '' ? 'No keys yet. Write the first one.' : `${which}.`;
}

function opensElsewhere({ ctrlKey, metaKey, shiftKey, altKey }: MouseEvent): boolean {
  return ctrlKey || metaKey || shiftKey || altKey;
}

function walk(event: KeyboardEvent<HTMLElement>, list: HTMLElement | null): void {
  const links = [...(list?.querySelectorAll<HTMLElement>('a') ?? [])];
  const here = links.indexOf(event.currentTarget);
  const target = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: links.length - 1 }[
    event.key
  ];
  if (target === undefined) return;
  event.preventDefault();
  if (target < 0) document.querySelector<HTMLElement>('input[name="prefix"]')?.focus();
  else links[target]?.focus();
}
