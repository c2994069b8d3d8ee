'use client';

import { SIGN_IN_PATH } from '../../contracts/access.ts';
import { useStream } from '../live/live-provider.tsx';
import { buttonClass } from '../ui/button.tsx';

/** Tells why the server does not talk to this page any more, and where to sign in; nothing while it does. */
export function SignedOut() {
  const why = useStream((state) => state.signedOut);
  return (
    <div role="alert" className="contents">
      {why !== null && (
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-danger-wash px-4 py-2 text-sm">
          <p>
            <strong className="font-medium">Signed out.</strong> What you see does not change any
            more: {why}.
          </p>
          <button
            type="button"
            className={buttonClass({ tone: 'primary' })}
            onClick={() => {
              const { pathname, search, hash } = window.location;
              const next = encodeURIComponent(`${pathname}${search}${hash}`);
              window.location.assign(`${SIGN_IN_PATH}?next=${next}`);
            }}
          >
            Sign in
          </button>
        </div>
      )}
    </div>
  );
}
