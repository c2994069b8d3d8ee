'use client';

import { useSyncExternalStore } from 'react';
import { curlOf } from '../../client/curl.ts';
import type { Call } from '../../client/curl.ts';

/** Words a request as a command that reaches the server of this page. */
export function useCurl(): (call: Call) => string {
  const origin = useSyncExternalStore(
    neverChanges,
    () => window.location.origin,
    () => '',
  );
  return (call) => curlOf(origin, [call]);
}

function neverChanges(): () => void {
  return () => {};
}
