'use client';

import { useEffect, useId, useRef, useState } from 'react';
import { pathWithin } from '../../client/path-within.ts';
import { client } from '../cluster/use-action.ts';
import { Button } from '../ui/button.tsx';

/** Trades a token for a session, and goes on to where the person wanted to be. */
export function SignInForm({ next }: { readonly next: string }) {
  const [token, setToken] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const box = useRef<HTMLInputElement>(null);
  const errorId = useId();
  useEffect(() => box.current?.focus(), []);
  const signIn = async (): Promise<void> => {
    setBusy(true);
    const result = await client.signIn(token.trim());
    // "Nobody needs to sign in here": so there is nothing in the way.
    if (result.ok || result.failure.code === 'CONFLICT') {
      window.location.assign(pathWithin(next, window.location.origin));
      return;
    }
    setBusy(false);
    setError(result.failure.message);
    box.current?.select();
  };
  return (
    <form
      // Never sent as it stands: the token must not get into an address.
      method="post"
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (token.trim() !== '' && !busy) void signIn();
      }}
    >
      <label className="flex flex-col gap-1">
        <span className="text-sm text-quiet">Token</span>
        <input
          ref={box}
          type="password"
          name="token"
          autoComplete="current-password"
          spellCheck={false}
          required
          value={token}
          aria-invalid={error !== null}
          aria-describedby={errorId}
          onChange={(event) => {
            setToken(event.target.value);
            setError(null);
          }}
          className="h-11 w-full rounded-lg border border-line-strong bg-raised px-3 font-mono text-base aria-invalid:border-danger"
        />
      </label>
      <p id={errorId} role="alert" className="min-h-5 text-sm text-danger">
        {error === null ? '' : `Not signed in: ${error}.`}
      </p>
      <Button
        type="submit"
        tone="primary"
        size="large"
        disabledBecause={busy ? 'The answer is still out' : null}
      >
        {busy ? 'Signing in…' : 'Sign in'}
      </Button>
    </form>
  );
}
