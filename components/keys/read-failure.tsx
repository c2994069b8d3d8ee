import type { ApiFailure } from '../../client/http-client.ts';

/** Why something could not be read. */
export function ReadFailure({ failure }: { readonly failure: ApiFailure }) {
  return (
    <p role="alert" className="text-[13px] text-danger">
      {failure.message} ({failure.code}){failure.retryable && '. Asking again…'}
    </p>
  );
}
