'use client';

import { useSyncExternalStore } from 'react';
import type { ReactNode } from 'react';
import { SignedOut } from '../access/signed-out.tsx';
import { useLive, useStream, useViewingState } from './live-provider.tsx';

/** The page's outermost element: its attributes say how fresh everything inside is. */
export function LiveRoot({ children }: { readonly children: ReactNode }) {
  const conn = useStream((state) => state.conn);
  const mode = useViewingState((state) => state.mode);
  const { epoch, seq } = useLive((state) => ({
    epoch: state.view?.epoch ?? '',
    seq: state.view?.seq ?? 0,
  }));
  const motion = useMotion();
  return (
    <div
      data-testid="app"
      data-conn={conn}
      data-view={mode}
      data-epoch={epoch}
      data-seq={seq}
      data-motion={motion ? 'on' : 'off'}
      className="flex min-h-dvh flex-col data-[view=paused]:framed-still data-[view=replay]:framed-past desk:h-dvh desk:overflow-hidden"
    >
      <SignedOut />
      {children}
    </div>
  );
}

/** False when the system or the address (`?motion=off`) asks for stillness. */
export function useMotion(): boolean {
  return useSyncExternalStore(subscribeToMotion, wantsMotion, () => false);
}

function wantsMotion(): boolean {
  const asked = new URLSearchParams(window.location.search).get('motion');
  return asked !== 'off' && !window.matchMedia('(prefers-reduced-motion: reduce)').matches;
}

function subscribeToMotion(onChange: () => void): () => void {
  const query = window.matchMedia('(prefers-reduced-motion: reduce)');
  query.addEventListener('change', onChange);
  return () => query.removeEventListener('change', onChange);
}
