import type { Context } from './contracts.ts'
import type {
  EventDeserializer,
  EventSerializer,
  HeaderSerializer,
  RequestHandler,
  SinkSelector
} from './contracts/inner.ts'
import { setting, type Setting } from './schema.ts'

/** The kinds of components that live inside others, and what each makes. */
export interface InnerKinds {
  readonly serializer: EventSerializer
  readonly deserializer: EventDeserializer
  readonly handler: RequestHandler
  readonly headerserializer: HeaderSerializer
  readonly sinkselector: SinkSelector
}

export type InnerKind = keyof InnerKinds

/** A component inside a component, such as a sink's serializer: made as often as needed. */
export interface Inner<T> {
  /** The definition's type. */
  readonly type: string
  create(context: Context): T
}

/** A setting that names another component and hands it the keys below `prefix`. */
export interface InnerSetting<T> extends Setting<Inner<T>> {
  readonly inner: { readonly kind: InnerKind; readonly prefix: string; readonly defaultType: string }
}

interface InnerOptions {
  doc: string
  /** The type where none is written. */
  default: string
  /** What stands before its own settings, where that is not the key and a dot. Keys that the outer one declares are not among them. */
  below?: string
}

/** `key` names a component of the kind; keys below `key.`, or what `below` says, are its settings. */
export function inner<K extends InnerKind>(
  kind: K,
  key: string,
  { doc, default: defaultType, below = `${key}.` }: InnerOptions
): InnerSetting<InnerKinds[K]> {
  const unread = unmade(defaultType)
  return {
    ...setting(key, 'component', { doc, default: unread }, () => ({ value: unread })),
    inner: { kind, prefix: below, defaultType }
  }
}

/** In the place of one that is not there. */
export function unmade(type: string): Inner<never> {
  return {
    type,
    create: () => {
      throw new Error(`${type} was not found, or its settings were not read.`)
    }
  }
}

export function isInner(given: Setting<unknown>): given is InnerSetting<unknown> {
  return 'inner' in given
}
