/** HTTP methods that WebHDFS uses. */
export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE'

/** One request; `path` is the file it is about, for errors. */
export interface HttpRequest {
  readonly method: Method
  readonly url: URL
  readonly path: string
}
