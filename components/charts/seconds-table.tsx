import { secondOf } from '../live/live-provider.tsx';

/** Rows of the table. */
const ROWS = 10;

interface SecondsTableProps<S, P> {
  /** Of the chart whose numbers these are. */
  readonly title: string;
  readonly series: readonly S[];
  /** Newest last. */
  readonly seconds: readonly P[];
  textOf(series: S, second: P): string;
}

/** The newest numbers of a chart as a table, for those who do not see its lines. */
export function SecondsTable<
  S extends { readonly name: string },
  P extends { readonly atMs: number },
>({ title, series, seconds, textOf }: SecondsTableProps<S, P>) {
  return (
    <table className="sr-only">
      <caption>
        {title}, last {ROWS} seconds
      </caption>
      <thead>
        <tr>
          <th scope="col">time</th>
          {series.map(({ name }) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {seconds.slice(-ROWS).map((second) => (
          <tr key={second.atMs}>
            <th scope="row">{secondOf(second.atMs)} UTC</th>
            {series.map((each) => (
              <td key={each.name}>{textOf(each, second)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
