const WORDS: Readonly<Record<string, string>> = {
  malformed: 'that made no sense',
  version: 'of another version of the program',
  cluster: 'of another cluster',
  store: 'of another database under the same name',
  earlierLife: 'of a sender’s life before its restart',
  misdirected: 'meant for another node',
};

/** Why a node let messages not in, after their number. */
export function dropWords(cause: string): string {
  return WORDS[cause] ?? `for another reason (${cause})`;
}
