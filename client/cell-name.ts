/** One field of one record. */
export interface CellName {
  readonly key: string;
  readonly field: string;
}
