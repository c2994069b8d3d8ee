/** A list of keys of the keyboard and what each does. */
export function KeyHelp({ keys }: { readonly keys: readonly (readonly [string, string])[] }) {
  return (
    <dl className="grid grid-cols-1 gap-x-8 gap-y-1.5 sm:grid-cols-2">
      {keys.map(([key, what]) => (
        <div
          key={key}
          className="flex items-center justify-between gap-4 border-b border-line py-1"
        >
          <dt className="order-2">
            <kbd className="rounded-sm border border-line-strong bg-raised px-1.5 py-0.5 text-xs">
              {key}
            </kbd>
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  );
}
