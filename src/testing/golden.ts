import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

const FOLDER = new URL('../../test/fixtures/golden/', import.meta.url)

/** The rows of a recorded table below `test/fixtures/golden`, in file order; `Row` is what the caller knows of them. */
export function goldenRows<Row>(name: string): Row[] {
  const bytes = readFileSync(new URL(name, FOLDER))
  const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Row)
}
