/** Apart from the schemas, so that who only sends a file does not carry them. */

/** Of the file of a backup, with the charset that it is always in. */
export const BACKUP_TYPE = 'application/x-ndjson';
