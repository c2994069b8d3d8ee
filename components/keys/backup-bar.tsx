'use client';

import { History } from 'lucide-react';
import { useRef, useState } from 'react';
import { isNow } from '../../client/keys-moment.ts';
import type { Moment } from '../../client/keys-moment.ts';
import { writeAsOf } from '../../client/time-input.ts';
import { client } from '../cluster/use-action.ts';
import { useActionsDisabled } from '../live/live-provider.tsx';
import { Button, buttonClass } from '../ui/button.tsx';
import { CopyCurl } from '../ui/copy-curl.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { useCurl } from '../ui/use-curl.ts';
import { RestoreFile } from './restore-file.tsx';
import { Retention } from './retention.tsx';
import { useFileRestore } from './use-file-restore.ts';

/** Takes what the list of keys shows as a file, with all its history, restores such a file, and says how much history is kept. */
export function BackupBar({ moment }: { readonly moment: Moment }) {
  const { prefix, time } = moment;
  const restore = useFileRestore();
  const [open, setOpen] = useState(false);
  const [keeping, setKeeping] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const disabled = useActionsDisabled();
  const curl = useCurl();
  const { kind } = restore.step;
  const which = prefix === '' ? 'All keys' : `The keys that begin with “${prefix}”`;
  const when = isNow(time) ? '' : `, as of ${writeAsOf(time)}`;
  const close = (): void => {
    setOpen(false);
    if (kind !== 'running') restore.forget();
  };
  return (
    <div className="flex shrink-0 gap-2 border-t border-line p-2">
      <a
        href={client.backupUrl(prefix, time)}
        download
        title={`${which}${when}, with their whole history, as a file`}
        className={buttonClass({ className: 'min-w-0' })}
      >
        Backup
      </a>
      <CopyCurl
        size="sign"
        of="the backup"
        // Into a file of the name that the server gives it.
        command={`${curl({ method: 'GET', path: client.backupUrl(prefix, time) })} -OJ`}
      />
      <Button
        className="min-w-0 flex-1"
        disabledBecause={kind === 'running' ? null : disabled}
        title="From a file: choose that of a backup. It says first what it would change"
        onClick={() => (kind === 'running' ? setOpen(true) : input.current?.click())}
      >
        <span className="truncate">{kind === 'running' ? 'Restoring…' : 'Restore…'}</span>
      </Button>
      <input
        ref={input}
        type="file"
        accept=".ndjson,application/x-ndjson"
        aria-label="File of a backup"
        data-testid="backup-file"
        hidden
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          // The same file may be chosen again.
          event.target.value = '';
          if (file === undefined) return;
          restore.choose(file);
          setOpen(true);
        }}
      />
      <Button
        aria-label="Retention"
        title="How much of the past is kept"
        className="px-2"
        onClick={() => setKeeping(true)}
      >
        <History className="size-4" aria-hidden="true" />
      </Button>
      <Sheet title="How much of the past is kept" open={keeping} onClose={() => setKeeping(false)}>
        <Retention />
      </Sheet>
      <Sheet title="Restore from file" open={open} onClose={close}>
        <RestoreFile restore={restore} onClose={close} />
      </Sheet>
    </div>
  );
}
