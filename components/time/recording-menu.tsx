'use client';

import { Ellipsis } from 'lucide-react';
import { useRef } from 'react';
import { useServerNow, useViewing, useViewingState } from '../live/live-provider.tsx';
import { Menu } from '../ui/menu.tsx';
import { useToast } from '../ui/toast.tsx';

/** What else can be done with the recording: taken along, brought back, pointed at. */
export function RecordingMenu() {
  const viewing = useViewing();
  const toast = useToast();
  const chooser = useRef<HTMLInputElement>(null);
  const now = useServerNow();
  const { atMs, source, skipQuiet, range } = useViewingState((state) => ({
    atMs: state.atMs,
    source: state.source,
    skipQuiet: state.skipQuiet,
    range: state.range,
  }));
  const isFile = source.fileName !== null;
  const copyLink = async (): Promise<void> => {
    const link = new URL(window.location.href);
    link.searchParams.set('t', String(Math.round(atMs ?? now ?? 0)));
    link.searchParams.set('epoch', source.epoch);
    window.history.replaceState(null, '', link);
    try {
      await navigator.clipboard.writeText(link.href);
      toast({ text: 'Link to this moment copied' });
    } catch {
      toast({ text: 'The address of this page is the link now' });
    }
  };
  return (
    <div className="hidden sm:block">
      <Menu
        label="Recording"
        icon={<Ellipsis className="size-4" aria-hidden="true" />}
        className="h-8"
        items={[
          {
            label: 'Copy link to this moment',
            hint: 'Opens this page as it is shown now, while it is kept',
            disabledBecause: isFile ? 'A file has no link: send the file' : null,
            run: () => void copyLink(),
          },
          {
            label: 'Export recording',
            hint: 'All that the server keeps, as a file',
            disabledBecause: isFile
              ? 'This is a file already'
              : range === null
                ? 'Nothing is recorded yet'
                : null,
            run: download,
          },
          {
            label: 'Import recording…',
            hint: 'Replays a file; nothing is sent',
            disabledBecause: null,
            run: () => chooser.current?.click(),
          },
          {
            label: skipQuiet ? 'Play quiet stretches too' : 'Skip quiet stretches',
            hint: 'While it plays, where nothing happens for 5 s; it says what it skipped',
            disabledBecause: null,
            run: () => viewing.setSkipQuiet(!skipQuiet),
          },
        ]}
      />
      <input
        ref={chooser}
        type="file"
        aria-label="Recording file"
        tabIndex={-1}
        className="sr-only"
        onChange={(event) => {
          const file = event.target.files?.[0];
          // So that the same file can be chosen again.
          event.target.value = '';
          if (file !== undefined) void viewing.openFile(file.name, file);
        }}
      />
    </div>
  );
}

function download(): void {
  const link = document.createElement('a');
  link.href = '/api/v1/recording/file';
  link.download = '';
  link.click();
}
