import clsx from 'clsx';
import type { Value } from '../../contracts/kv.ts';

/** Items of a list that are drawn; a list may have ten thousand. */
const SHOWN_ITEMS = 50;
/** Characters of a text that are drawn; a value may have a million. */
const SHOWN_CHARS = 2000;

/** A value as a person reads it: text as it is, a list as chips; null is absent. */
export function ValueText({ value }: { readonly value: Value | null }) {
  if (value === null) return <em className="font-sans text-quiet">absent</em>;
  if (typeof value === 'string') {
    return value === '' ? (
      <em className="font-sans text-quiet">empty text</em>
    ) : (
      value.slice(0, SHOWN_CHARS)
    );
  }
  if (value.length === 0) return <em className="font-sans text-quiet">empty list</em>;
  const rest = value.length - SHOWN_ITEMS;
  return (
    <>
      <span className="sr-only">{`list of ${value.length}: `}</span>
      {value.slice(0, SHOWN_ITEMS).map((item, i) => (
        // oxlint-disable-next-line react/no-array-index-key -- items may be equal; their place is what they are
        <span key={i}>
          {i > 0 && <span className="sr-only">, </span>}
          <span
            className={clsx(
              'mr-1 inline-block max-w-full truncate rounded-sm border border-line-strong px-1 align-bottom leading-[1.35]',
              item === '' && 'font-sans text-quiet italic',
            )}
          >
            {item === '' ? 'empty' : item.slice(0, SHOWN_CHARS)}
          </span>
        </span>
      ))}
      {rest > 0 && (
        <span className="font-sans text-quiet">and {rest.toLocaleString('en')} more</span>
      )}
    </>
  );
}

/** The whole of a value for a tooltip, within reason. */
export function valueTitle(value: Value | null): string {
  if (value === null) return '';
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, SHOWN_CHARS);
}
