import type { z } from 'zod'
import type { Cure, FaultKind, FaultSite } from './fault.ts'

/** The schema of one kind's parameters: `kind` is a literal, everything else a described field. */
export type FaultSchemaOf = z.ZodObject<{ kind: z.ZodLiteral<string> } & z.core.$ZodShape, z.core.$strict>

/** A kind of fault that still knows the exact shape of its parameters. */
export interface DefinedKind<S extends FaultSchemaOf> {
  readonly kind: z.output<S>['kind']
  readonly summary: string
  readonly schema: S
  explain(fault: z.output<S>): string
  inject(fault: z.output<S>, site: FaultSite): Promise<Cure>
}

/** Defines a kind of fault (see `FaultKind`); its name is the literal in its schema. */
export function defineKind<S extends FaultSchemaOf>(definition: Omit<DefinedKind<S>, 'kind'>): DefinedKind<S> {
  return { kind: definition.schema.shape.kind.value as z.output<S>['kind'], ...definition }
}

/** A kind among others, when which one it is shows only in the fault's `kind`. */
export type AnyKind = FaultKind<{ kind: string }> & { readonly schema: FaultSchemaOf }
