'use client';

import { curlOf } from '../../client/curl.ts';
import { SERVER_OF_THREE, toThreeVoters } from '../../client/lessons/three-voters.ts';
import { useLive } from '../live/live-provider.tsx';
import { CopyCurl } from '../ui/copy-curl.tsx';

/** Why a cluster of this size has no lessons, and the two ways to one that has. */
export function Resizing({ why }: { readonly why: string }) {
  const view = useLive((state) => state.view);
  const commands = view === null ? '' : curlOf(window.location.origin, toThreeVoters(view));
  return (
    <div
      role="status"
      data-testid="lessons-resizing"
      className="flex flex-col gap-2 rounded-lg border border-line-strong p-3"
    >
      <p>
        <strong className="font-semibold">No lesson can begin here.</strong> {why}.
      </p>
      <p>Start a server of three beside this one:</p>
      <Command text={SERVER_OF_THREE} />
      {commands !== '' && (
        <>
          <p>Or make this cluster one of three, from its menus or by command:</p>
          <Command text={commands} />
          <CopyCurl command={commands} />
        </>
      )}
    </div>
  );
}

function Command({ text }: { readonly text: string }) {
  return (
    <pre className="overflow-x-auto rounded-sm bg-raised p-2 text-xs whitespace-pre-wrap wrap-anywhere">
      {text}
    </pre>
  );
}
