'use client';

import { useState } from 'react';
import { wipe } from '../../client/fault-requests.ts';
import { useActionsDisabled } from '../live/live-provider.tsx';
import { Button } from '../ui/button.tsx';
import { CopyCurl } from '../ui/copy-curl.tsx';
import { TextField } from '../ui/field.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { useCurl } from '../ui/use-curl.ts';
import type { Faults } from './use-faults.ts';

interface WipeSheetProps {
  readonly id: string;
  readonly open: boolean;
  readonly send: Faults['send'];
  onClose(): void;
}

/** What cannot be undone asks for the node's name first. */
export function WipeSheet({ open, ...props }: WipeSheetProps) {
  return (
    <Sheet title={`Wipe the disk of ${props.id}`} open={open} onClose={props.onClose}>
      <WipeForm {...props} />
    </Sheet>
  );
}

function WipeForm({ id, send, onClose }: Omit<WipeSheetProps, 'open'>) {
  const [typed, setTyped] = useState('');
  const disabled = useActionsDisabled();
  const curl = useCurl();
  const because = disabled ?? (typed === id ? null : `Type ${id} first`);
  return (
    <>
      <p>
        Its database is removed, and with it whom {id} voted for and what it acknowledged. A node
        that has forgotten that could break promises, so it may not come back as {id}: choose
        “Replace {id}” then, and a new node learns everything from the others.
      </p>
      <form
        className="flex flex-wrap items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          if (because !== null) return;
          send(wipe(id));
          setTyped('');
          onClose();
        }}
      >
        <TextField label={`Type ${id} to go on`} value={typed} onValue={setTyped} />
        <Button type="submit" tone="danger" disabledBecause={because}>
          Wipe
        </Button>
        <CopyCurl command={curl(wipe(id))} />
      </form>
    </>
  );
}
