'use client';

import clsx from 'clsx';
import { Copy, Search } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import type { KeyboardEvent, RefObject } from 'react';
import { curlOf } from '../../client/curl.ts';
import { CopyCurl } from '../ui/copy-curl.tsx';
import { actionsOf } from './actions.ts';
import { useActions, useSituation } from './actions-context.ts';
import type { Action } from './action.ts';
import { foundActions } from './found-actions.ts';
import { matchActions } from './match.ts';
import { useKeyMatches } from './use-key-matches.ts';

/** Every action, found by a few letters, with its key, why it cannot be done now, and its command. */
export function Palette() {
  const { overlay, show } = useActions();
  const dialog = useRef<HTMLDialogElement>(null);
  const open = overlay === 'palette';
  useEffect(() => {
    const element = dialog.current;
    if (element === null) return;
    if (open && !element.open) element.showModal();
    if (!open && element.open) element.close();
  }, [open]);
  return (
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions -- a click beside it closes it; Escape is the browser's
    <dialog
      ref={dialog}
      aria-label="Find an action or a key"
      onClose={() => {
        if (open) show(null);
      }}
      onClick={(event) => {
        if (event.target === dialog.current) show(null);
      }}
      className="mx-auto mt-[min(6rem,10dvh)] mb-auto w-[min(42rem,calc(100vw-1rem))] overflow-hidden rounded-lg border border-line-strong bg-surface shadow-lg backdrop:bg-page/70"
    >
      {open && <Finder dialog={dialog} />}
    </dialog>
  );
}

/** The box and its list: the focus stays in the box, arrows choose in the list. */
function Finder({ dialog }: { readonly dialog: RefObject<HTMLDialogElement | null> }) {
  const situation = useSituation();
  const { does } = useActions();
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState<string | null>(null);
  const { keys, failure } = useKeyMatches(query.trim());
  const list = useId();
  const copy = useRef<HTMLDivElement>(null);
  const groups = [...matchActions(actionsOf(situation), query), ...foundActions(query, keys)];
  const rows = groups.flatMap(({ actions }) => actions);
  const active = rows.find(({ id }) => id === chosen) ?? rows[0];
  const optionOf = (id: string): string => `${list}-${id}`;

  const choose = (action: Action | undefined): void => {
    if (action === undefined) return;
    setChosen(action.id);
    document.getElementById(optionOf(action.id))?.scrollIntoView({ block: 'nearest' });
  };
  const run = (action: Action | undefined): void => {
    if (action === undefined || action.because !== null) return;
    // Closed first: that gives the focus back, from where the action may take it on.
    dialog.current?.close();
    action.run(does);
  };
  const copyCommand = (): void =>
    copy.current?.querySelector<HTMLElement>('[data-copy-curl]')?.click();
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = active === undefined ? 0 : rows.indexOf(active);
    const to = rowAfter(event.key, at, rows.length);
    if (to !== null) {
      event.preventDefault();
      choose(rows[to]);
    }
    if (event.key === 'Enter') {
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) copyCommand();
      else run(active);
    }
  };
  return (
    <div className="flex max-h-[80dvh] flex-col">
      <label className="flex items-center gap-2.5 border-b border-line px-4">
        <Search className="size-4.5 shrink-0 text-quiet" aria-hidden="true" />
        <input
          type="text"
          role="combobox"
          aria-label="Action, key or log index"
          aria-autocomplete="list"
          aria-expanded={rows.length > 0}
          aria-controls={list}
          aria-activedescendant={active === undefined ? undefined : optionOf(active.id)}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- the dialog was opened to type here
          autoFocus
          placeholder="An action, a key of the store, or the index of an entry"
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setChosen(null);
          }}
          onKeyDown={onKeyDown}
          className="h-13 min-w-0 flex-1 bg-transparent text-base outline-none placeholder:text-quiet"
        />
      </label>
      <div
        id={list}
        role="listbox"
        aria-label="Actions"
        data-testid="palette-list"
        className="min-h-0 flex-1 overflow-auto p-1.5"
      >
        {groups.map(({ group, actions }) => (
          // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- a group of options
          <div key={group} role="group" aria-label={group}>
            <p aria-hidden="true" className="px-2.5 pt-2 pb-1 text-xs text-quiet">
              {group}
            </p>
            {actions.map((action) => (
              <Row
                key={action.id}
                id={optionOf(action.id)}
                action={action}
                active={action.id === active?.id}
                onPoint={() => setChosen(action.id)}
                onRun={() => run(action)}
                onCopy={copyCommand}
              />
            ))}
          </div>
        ))}
      </div>
      <p role="status" className={rows.length === 0 ? 'px-4 pb-4 text-quiet' : 'sr-only'}>
        {rows.length === 0
          ? 'Nothing fits. Keys of the store are found by how they begin.'
          : `${rows.length} found`}
      </p>
      {failure !== null && (
        <p className="px-4 pb-2 text-sm text-quiet">The keys could not be searched: {failure}</p>
      )}
      <div ref={copy}>
        <Command action={active} />
      </div>
    </div>
  );
}

const PAGE_ROWS = 8;

/** Where a key leads in a list of `count` from row `at`; null for a key that leads nowhere. */
function rowAfter(key: string, at: number, count: number): number | null {
  switch (key) {
    case 'ArrowDown':
      return (at + 1) % count;
    case 'ArrowUp':
      return (at + count - 1) % count;
    case 'PageDown':
      return Math.min(count - 1, at + PAGE_ROWS);
    case 'PageUp':
      return Math.max(0, at - PAGE_ROWS);
    default:
      return null;
  }
}

interface RowProps {
  readonly id: string;
  readonly action: Action;
  readonly active: boolean;
  onPoint(): void;
  onRun(): void;
  onCopy(): void;
}

function Row({ id, action, active, onPoint, onRun, onCopy }: RowProps) {
  const { title, because, keys, calls } = action;
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus -- the box holds the focus and hears the keys
    <div
      id={id}
      role="option"
      aria-selected={active}
      aria-disabled={because !== null}
      data-action-id={action.id}
      onPointerMove={onPoint}
      onPointerDown={onPoint}
      onClick={(event) => {
        const onCopyMark =
          event.target instanceof Element && event.target.closest('[data-copy]') !== null;
        if (onCopyMark) onCopy();
        else onRun();
      }}
      className={clsx(
        'flex min-h-10 items-center gap-3 rounded-md border-l-2 px-2.5 py-1',
        active ? 'border-text bg-line' : 'border-transparent',
        because === null ? 'cursor-pointer' : 'cursor-not-allowed',
      )}
    >
      <span className="min-w-0 flex-1">
        <span className={clsx('block', because !== null && 'text-quiet')}>{title}</span>
        {because !== null && <span className="block text-xs text-quiet">{because}</span>}
      </span>
      {hasCommand(calls) && (
        // For a finger or a mouse; from the keyboard it is Ctrl Enter, or the button below.
        <span
          data-copy=""
          aria-hidden="true"
          title="Copy as curl"
          className={clsx(
            'grid size-8 place-content-center rounded-md text-quiet hover:bg-raised hover:text-text',
            !active && 'pointer-fine:invisible',
          )}
        >
          <Copy className="size-4" />
        </span>
      )}
      {keys != null && (
        <kbd className="rounded-sm border border-line-strong bg-raised px-1.5 py-0.5 text-xs">
          {keys}
        </kbd>
      )}
    </div>
  );
}

/** What the chosen action asks of the API, for a shell. */
function Command({ action }: { readonly action: Action | undefined }) {
  if (!hasCommand(action?.calls)) {
    return (
      <p className="border-t border-line px-4 py-2 text-xs text-quiet">
        Arrows choose, Enter does it, Esc leaves
      </p>
    );
  }
  const command = curlOf(window.location.origin, action.calls);
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5 border-t border-line px-4 py-2">
      <code
        data-testid="palette-curl"
        className="max-h-16 min-w-0 flex-1 basis-72 overflow-auto font-mono text-xs break-all whitespace-pre-wrap text-quiet"
      >
        {command}
      </code>
      <CopyCurl key={command} command={command} keys="Ctrl ↵" />
    </div>
  );
}

function hasCommand(calls: Action['calls']): calls is NonNullable<Action['calls']> {
  return calls !== undefined && calls.length > 0;
}
