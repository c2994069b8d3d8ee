'use client';

import clsx from 'clsx';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { sizeInWords } from '../../client/backup-file.ts';
import type { ApiFailure } from '../../client/api-failure.ts';
import { formatTimestamp } from '../../client/time-input.ts';
import type {
  BackupHeader,
  BackupRestoreAnswer,
  RestoreMode,
  RestoreProgress,
} from '../../contracts/backup.ts';
import { useLive } from '../live/live-provider.tsx';
import { OutcomeWord } from '../data/outcome-word.tsx';
import { Button } from '../ui/button.tsx';
import { CopyCurl } from '../ui/copy-curl.tsx';
import { useCurl } from '../ui/use-curl.ts';
import type { FileRestore, FileStep } from './use-file-restore.ts';

interface RestoreFileProps {
  readonly restore: FileRestore;
  onClose(): void;
}

/** Says what a file is and what its restore would replace, asks, shows how far it is, and tells what came of it. */
export function RestoreFile({ restore, onClose }: RestoreFileProps) {
  const { step, run } = restore;
  const curl = useCurl();
  const [chosenMode, setMode] = useState<RestoreMode>('present');
  const mode = step.kind === 'running' || step.kind === 'failed' ? step.mode : chosenMode;
  if (step.kind === 'none') return <p className="text-quiet">Reading the file…</p>;
  if (step.kind === 'no-backup')
    return (
      <>
        <p role="status" data-testid="file-restore" data-step={step.kind}>
          <strong className="text-danger">
            <span aria-hidden="true">✗</span> No backup
          </strong>{' '}
          <span className="break-all">{step.file.name}</span> does not begin as a backup does.
          Nothing was sent.
        </p>
        <Buttons>
          <Button onClick={onClose}>Close</Button>
        </Buttons>
      </>
    );
  return (
    <>
      <About file={step.file} header={step.header} />
      {step.kind === 'asking' && <ModeChoice header={step.header} mode={mode} onMode={setMode} />}
      <div
        role="status"
        data-testid="file-restore"
        data-step={step.kind}
        data-mode={mode}
        data-written={step.kind === 'done' ? step.answer.written : ''}
        className={clsx(step.kind !== 'asking' && 'min-h-12')}
      >
        {step.kind === 'running' && <Progress size={step.file.size} progress={step.progress} />}
        {step.kind === 'done' && <Done answer={step.answer} />}
        {step.kind === 'failed' && <Failed failure={step.failure} />}
      </div>
      <Buttons>
        {step.kind !== 'done' && (
          <CopyCurl command={curl((api) => api.restoreFile(step.file, mode))} />
        )}
        <Button onClick={onClose}>{CLOSE[step.kind]}</Button>
        {(step.kind === 'asking' || (step.kind === 'failed' && mayHelp(step.failure))) && (
          <Button tone="primary" onClick={() => run(mode)}>
            {step.kind === 'failed'
              ? 'Restore again'
              : mode === 'present'
                ? 'Replace the present'
                : 'Add the history'}
          </Button>
        )}
      </Buttons>
    </>
  );
}

/** To do the same once more: it goes on where the other ended. */
function mayHelp({ code, retryable }: ApiFailure): boolean {
  return retryable || code === 'OUTCOME_UNKNOWN';
}

const CLOSE = {
  asking: 'Leave it as it is',
  running: 'Close; it goes on',
  done: 'Close',
  failed: 'Close',
} as const satisfies Partial<Record<FileStep['kind'], string>>;

function Buttons({ children }: { readonly children: ReactNode }) {
  return <div className="flex flex-wrap justify-end gap-2">{children}</div>;
}

function About({ file, header }: { readonly file: File; readonly header: BackupHeader }) {
  const here = useLive(({ view }) => view?.clusterId === header.cluster);
  const madeMs = Date.parse(header.madeAt);
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-[13px]">
      <Fact name="File">
        <span className="break-all">{file.name}</span>, {sizeInWords(file.size)}
      </Fact>
      <Fact name="Made">
        {Number.isNaN(madeMs) ? header.madeAt : formatTimestamp(madeMs)}, of{' '}
        {here ? 'this cluster' : 'another cluster'}
      </Fact>
      <Fact name="Holds">{keysInWords(header)}, with their history</Fact>
      <Fact name="Shows">
        <span className="font-mono">{formatTimestamp(header.at)}</span>, as known at revision{' '}
        <span className="font-mono">{header.asOf}</span>
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-quiet">{name}</dt>
      <dd className="m-0 min-w-0">{children}</dd>
    </>
  );
}

function keysInWords({ prefix }: BackupHeader): string {
  return prefix === null || prefix === '' ? 'all keys' : `the keys that begin with “${prefix}”`;
}

interface ModeChoiceProps {
  readonly header: BackupHeader;
  readonly mode: RestoreMode;
  onMode(mode: RestoreMode): void;
}

function ModeChoice({ header, mode, onMode }: ModeChoiceProps) {
  const keys = keysInWords(header);
  return (
    <fieldset className="m-0 flex min-w-0 flex-col gap-2 border-0 p-0">
      <legend className="pb-1.5 font-medium">What should become of it?</legend>
      <Mode value="present" title="Replace the present" mode={mode} onMode={onMode}>
        Now, {keys} become what the file shows, with the time to live that was left. What is here
        and not in the file is deleted. Nothing is overwritten: all of it stays in the past.
      </Mode>
      <Mode value="history" title="Add the whole history" mode={mode} onMode={onMode}>
        Every version comes with its own time. Only where nothing was ever written to {keys}, or a
        part of this very file was.
      </Mode>
    </fieldset>
  );
}

interface ModeProps {
  readonly value: RestoreMode;
  readonly title: string;
  readonly mode: RestoreMode;
  onMode(mode: RestoreMode): void;
  readonly children: ReactNode;
}

function Mode({ value, title, mode, onMode, children }: ModeProps) {
  return (
    <label
      className={clsx(
        'grid cursor-pointer grid-cols-[auto_minmax(0,1fr)] gap-x-2.5 rounded-lg border p-2.5',
        mode === value ? 'border-text bg-raised' : 'border-line hover:border-line-strong',
      )}
    >
      <input
        type="radio"
        name="restore-mode"
        value={value}
        checked={mode === value}
        onChange={() => onMode(value)}
        className="mt-1 self-start accent-text"
      />
      <span className="font-medium">{title}</span>
      <span className="col-start-2 text-[13px] text-quiet">{children}</span>
    </label>
  );
}

/** Sending, checking and writing, one after another. */
function Progress({
  size,
  progress,
}: {
  readonly size: number;
  readonly progress: RestoreProgress | null;
}) {
  const { text, part } = progressOf(size, progress);
  return (
    <label className="flex flex-col gap-1.5">
      <span>{text}</span>
      <progress
        {...(part !== null && { value: part })}
        max={1}
        className="h-2 w-full appearance-none overflow-hidden rounded-full border border-line-strong bg-raised accent-text [&::-moz-progress-bar]:bg-text [&::-webkit-progress-bar]:bg-raised [&::-webkit-progress-value]:bg-text"
      />
    </label>
  );
}

function progressOf(
  size: number,
  progress: RestoreProgress | null,
): { readonly text: string; readonly part: number | null } {
  if (progress === null) return { text: 'Sending the file…', part: null };
  const { phase, receivedBytes, versions, passed } = progress;
  if (phase === 'receiving') {
    const sent = `${sizeInWords(receivedBytes)} of ${sizeInWords(size)}`;
    return { text: `Sending: ${sent}`, part: receivedBytes / Math.max(size, 1) };
  }
  const count = passed.toLocaleString('en');
  if (phase === 'checking' || versions === null)
    return { text: `Checking every line: ${count} versions so far`, part: null };
  return {
    text: `Restoring: ${count} of ${versions.toLocaleString('en')} versions`,
    part: passed / Math.max(versions, 1),
  };
}

function Done({ answer }: { readonly answer: BackupRestoreAnswer }) {
  const { mode, written, firstRevision, lastRevision } = answer;
  if (firstRevision === null || lastRevision === null)
    return <p>Nothing had to be changed: it is all as the file has it.</p>;
  const what = mode === 'present' ? 'field' : 'version';
  return (
    <p>
      <OutcomeWord outcome="committed" /> {written.toLocaleString('en')} {what}
      {written === 1 ? '' : 's'} {mode === 'present' ? 'changed' : 'added'}, by revision
      {firstRevision === lastRevision ? ' ' : 's '}
      <span className="font-mono">{firstRevision}</span>
      {firstRevision !== lastRevision && (
        <>
          {' '}
          to <span className="font-mono">{lastRevision}</span>
        </>
      )}
      .
    </p>
  );
}

function Failed({ failure: { code, message } }: { readonly failure: ApiFailure }) {
  const isUnknown = code === 'OUTCOME_UNKNOWN';
  return (
    <p>
      {isUnknown ? (
        <OutcomeWord outcome="unknown" />
      ) : (
        // Many writes, of which some may be done: none of the words for one.
        <strong className="text-danger">
          <span aria-hidden="true">✗</span> Not finished
        </strong>
      )}{' '}
      {message} ({code})
    </p>
  );
}
