import { readFile } from 'node:fs/promises'

/** Names of user and group numbers, from /etc/passwd and /etc/group; the number itself where they say nothing. */
export class Owners {
  #users: Promise<Map<number, string>> | undefined
  #groups: Promise<Map<number, string>> | undefined

  /** Name of user number `id`. The files are read once. */
  async user(id: number): Promise<string> {
    this.#users ??= readNames('/etc/passwd')
    return (await this.#users).get(id) ?? String(id)
  }

  /** Name of group number `id`. */
  async group(id: number): Promise<string> {
    this.#groups ??= readNames('/etc/group')
    return (await this.#groups).get(id) ?? String(id)
  }
}

async function readNames(file: string): Promise<Map<number, string>> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const names = new Map<number, string>()
  for (const line of text.split('\n')) {
    const [name, , id] = line.split(':')
    if (name !== undefined && id !== undefined && !names.has(Number(id))) names.set(Number(id), name)
  }
  return names
}
