'use client';

import { UserRound } from 'lucide-react';
import { useState } from 'react';
import { SIGN_IN_PATH } from '../../contracts/access.ts';
import { client } from '../cluster/use-action.ts';
import { useStream } from '../live/live-provider.tsx';
import { useToast } from '../ui/toast.tsx';
import { AuditSheet } from './audit-sheet.tsx';
import { Menu } from '../ui/menu.tsx';

/** Who is signed in, and the way out. Nothing where nobody signs in. */
export function AccessMenu() {
  const access = useStream((state) => state.access);
  const toast = useToast();
  const [isOpen, setIsOpen] = useState(false);
  if (access === null || !access.signedIn) return null;
  const { name, role } = access;
  const signOut = async (): Promise<void> => {
    const result = await client.signOut();
    if (result.ok || result.failure.code === 'UNAUTHENTICATED')
      window.location.assign(SIGN_IN_PATH);
    else toast({ text: `Still signed in: ${result.failure.message}` });
  };
  return (
    <>
      <Menu
        label={`Signed in as ${name}, ${role}`}
        size="normal"
        className="w-8 px-0"
        icon={<UserRound className="size-4 shrink-0" aria-hidden="true" />}
        items={[
          {
            label: 'Trail of actions',
            hint: 'Who did what to the cluster',
            disabledBecause: null,
            run: () => setIsOpen(true),
          },
          {
            label: 'Sign out',
            hint: `${name} is signed in as ${role}${role === 'viewer' ? ': may read and watch' : ''}`,
            disabledBecause: null,
            run: () => void signOut(),
          },
        ]}
      />
      <AuditSheet open={isOpen} onClose={() => setIsOpen(false)} />
    </>
  );
}
