'use client';

export default function PageError({
  reset,
}: {
  readonly error: Error;
  readonly reset: () => void;
}) {
  return (
    <main className="grid min-h-dvh place-content-center gap-3 p-6 text-center">
      <h1 className="text-xl font-medium">The page failed to draw</h1>
      <p className="text-quiet">The cluster is not affected by it.</p>
      <button
        type="button"
        className="mx-auto rounded-lg border border-line px-4 py-2"
        onClick={reset}
      >
        Try again
      </button>
    </main>
  );
}
