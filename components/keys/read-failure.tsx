import type { ApiFailure } from '../../client/http-client.ts';
import { formatTimestamp } from '../../client/time-input.ts';

/** Why something could not be read. */
export function ReadFailure({ failure }: { readonly failure: ApiFailure }) {
  const { code, message, retryable, horizon } = failure;
  return (
    <p role="alert" className="text-[13px] text-danger">
      {horizon === undefined
        ? message
        : `This past is forgotten. What is kept here begins at ${formatTimestamp(horizon.timestamp)}, revision ${horizon.revision}`}{' '}
      ({code}){retryable && '. Asking again…'}
    </p>
  );
}
