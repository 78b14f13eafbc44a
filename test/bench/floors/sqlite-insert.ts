import { DatabaseSync } from 'node:sqlite'

/** Inserts a transaction's rows; made ready beforehand, so that only SQLite is measured. */
export interface InsertFloor extends Disposable {
  insert(rows: readonly Row[]): void
}

/** Device, event number, fields. */
export type Row = readonly [device: number, number: number, fields: string]

/** A bare table with the columns and durability of the cloud's, at a path of this machine or `:memory:`. */
export function sqliteInsert(path: string): InsertFloor {
  const db = new DatabaseSync(path)
  db.exec('PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  db.exec(`CREATE TABLE events (device INTEGER NOT NULL, number INTEGER NOT NULL, type TEXT NOT NULL, id INTEGER NOT NULL, time REAL NOT NULL,
    stored_at REAL NOT NULL, fields TEXT NOT NULL, PRIMARY KEY (device, number)) STRICT`)
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const insert = db.prepare("INSERT INTO events VALUES (?, ?, 'intrusion', 430001, 1767600000000, 1767600000000, ?)")
  return {
    insert(rows) {
      begin.run()
      for (const row of rows) insert.run(...row)
      commit.run()
    },
    [Symbol.dispose]: () => db.close(),
  }
}
