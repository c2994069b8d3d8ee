'use client';

import { useEffect, useMemo } from 'react';
import { create } from 'zustand';
import type { WriteSession } from '../../client/http-client.ts';
import { answered, nameOf, newTrack, tracked } from '../../client/write-track.ts';
import type { WriteTrack } from '../../client/write-track.ts';
import { useLiveStore } from '../live/live-provider.tsx';

/** The page's last write, for all who show a part of its way; null before the first. */
export const useFollowedWrite = create<{ readonly track: WriteTrack | null }>(() => ({
  track: null,
}));

interface Follow {
  /** Another write begins, which has no name yet. */
  begin(): void;
  /** It travels under this name; a repeat goes on where the attempt before it was. */
  named(session: WriteSession): void;
  committed(answer: Parameters<typeof answered>[1]): void;
}

/** Follows one write by what the stream says, whatever moment the page shows. */
export function useFollow(): Follow {
  const stream = useLiveStore();
  const follow = useMemo(() => {
    const change = (next: (track: WriteTrack | null) => WriteTrack | null): void =>
      useFollowedWrite.setState((before) => {
        const track = next(before.track);
        const { view } = stream.getState();
        return { track: track === null || view === null ? track : tracked(track, view) };
      });
    return {
      begin: () => change(() => null),
      named: (session: WriteSession) =>
        change((track) => (track?.name === nameOf(session) ? track : newTrack(session))),
      committed: (answer: Parameters<typeof answered>[1]) =>
        change((track) => (track === null ? null : answered(track, answer))),
      look: () => change((track) => track),
    };
  }, [stream]);
  useEffect(() => {
    const end = stream.subscribe(follow.look);
    return () => {
      end();
      follow.begin();
    };
  }, [stream, follow]);
  return follow;
}
