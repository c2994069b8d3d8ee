'use client';

import { useEffect, useState } from 'react';
import { headerOf } from '../../client/backup-file.ts';
import type { ApiFailure } from '../../client/api-failure.ts';
import type {
  BackupHeader,
  BackupRestoreAnswer,
  RestoreMode,
  RestoreProgress,
} from '../../contracts/backup.ts';
import { client } from '../cluster/use-action.ts';

/** How often the server is asked how far it is, ms. */
const LOOK_EVERY_MS = 400;

interface Chosen {
  readonly file: File;
  readonly header: BackupHeader;
}

export type FileStep =
  | { readonly kind: 'none' }
  | { readonly kind: 'no-backup'; readonly file: File }
  | ({ readonly kind: 'asking' } & Chosen)
  | ({
      readonly kind: 'running';
      readonly mode: RestoreMode;
      /** Null before the server has told any. */
      readonly progress: RestoreProgress | null;
    } & Chosen)
  | ({ readonly kind: 'done'; readonly answer: BackupRestoreAnswer } & Chosen)
  | ({
      readonly kind: 'failed';
      readonly mode: RestoreMode;
      readonly failure: ApiFailure;
    } & Chosen);

export interface FileRestore {
  readonly step: FileStep;
  choose(file: File): void;
  run(mode: RestoreMode): void;
  forget(): void;
}

/** A file from its choice to what came of it. It goes on while nobody looks. */
export function useFileRestore(): FileRestore {
  const [step, setStep] = useState<FileStep>({ kind: 'none' });
  const isRunning = step.kind === 'running';
  useEffect(() => {
    if (!isRunning) return;
    const look = async (): Promise<void> => {
      const status = await client.restoreStatus();
      if (!status.ok) return;
      const { running: progress } = status.value;
      setStep((now) => (now.kind === 'running' ? { ...now, progress } : now));
    };
    const timer = setInterval(() => void look(), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [isRunning]);

  const choose = async (file: File): Promise<void> => {
    const header = await headerOf(file);
    setStep(header === null ? { kind: 'no-backup', file } : { kind: 'asking', file, header });
  };
  const run = async (mode: RestoreMode): Promise<void> => {
    if (step.kind !== 'asking' && step.kind !== 'failed') return;
    const { file, header } = step;
    setStep({ kind: 'running', file, header, mode, progress: null });
    const result = await client.restoreFile(file, mode);
    setStep(
      result.ok
        ? { kind: 'done', file, header, answer: result.value }
        : { kind: 'failed', file, header, mode, failure: result.failure },
    );
  };
  return {
    step,
    choose: (file) => void choose(file),
    run: (mode) => void run(mode),
    forget: () => setStep({ kind: 'none' }),
  };
}
