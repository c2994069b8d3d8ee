import type { ApiFailure } from '../../client/api-failure.ts';
import { forgottenWords } from '../../client/read-words.ts';

/** Why something could not be read. */
export function ReadFailure({ failure }: { readonly failure: ApiFailure }) {
  const { code, message, retryable, horizon } = failure;
  return (
    <p role="alert" className="text-[13px] text-danger">
      {horizon === undefined ? message : forgottenWords(horizon)} ({code})
      {retryable && '. Asking again…'}
    </p>
  );
}
