/** What Solstice stores, with the fields that are nobody else's business, as its JSON shows it. */

export type Environment = 'live' | 'sandbox'

export type Money = { readonly amount: string; readonly currency: string }

/** Fields that programmers left in and no contract mentions; real systems have them, so this one does too. */
export type Leftovers = {
  readonly internalNotes: readonly string[]
  readonly _debug: { readonly shard: string; readonly cost: Money; readonly query: string }
}

export type Row = { readonly id: string; readonly createdAt: string; readonly updatedAt: string }

export type Product = Row &
  Leftovers & {
    readonly sku: string
    readonly category: 'module' | 'inverter' | 'battery' | 'mounting' | 'accessory'
    readonly name: string
    readonly manufacturer: string
    readonly availability: 'available' | 'limited' | 'discontinued'
    readonly listPrice: Money
    readonly ratings: Readonly<Record<string, number>>
    readonly warrantyYears: number | null
    readonly certificates: readonly {
      readonly standard: string
      readonly issuedOn: string
      readonly evidenceUrl: string
    }[]
    readonly cost: Money
    readonly margin: Money
    readonly rateCardId: string
    readonly supplierSource: string
    readonly suppliers: readonly {
      readonly name: string
      readonly leadTimeDays: number
      readonly cost: Money
    }[]
  }

export type PitchedRoof = {
  readonly kind: 'pitched'
  readonly areaSquareMetres: number
  readonly tiltDegrees: number
  readonly azimuthDegrees: number
  readonly covering: string
  readonly surveyNotes?: string
}

export type FlatRoof = {
  readonly kind: 'flat'
  readonly areaSquareMetres: number
  readonly maxLoadKgPerSquareMetre: number
  readonly covering: string
  readonly parapetHeightCm?: number | null
  readonly surveyNotes?: string
}

export type Roof = PitchedRoof | FlatRoof

export type ProjectStatus = 'lead' | 'surveyed' | 'designed' | 'proposed' | 'sold' | 'installed' | 'archived'

export type System = {
  readonly sizeKwp: number
  readonly panelCount: number
  readonly panelProductId: string
  readonly inverters: readonly {
    readonly productId: string
    readonly count: number
    readonly supplierSource: string
    readonly cost: Money
  }[]
  readonly storageKwh: number | null
  readonly annualYieldKwh: number
}

export type Site = {
  readonly street: string
  readonly postalCode: string
  readonly city: string
  readonly country: string
  readonly location: { readonly latitude: number; readonly longitude: number }
}

export type Customer = {
  readonly reference: string
  readonly name: string
  readonly email: string
  readonly phone: string | null
}

export type Project = Row &
  Leftovers & {
    readonly name: string
    readonly status: ProjectStatus
    readonly showcase: boolean
    readonly customer: Customer
    readonly site: Site
    readonly roof: Roof
    readonly system: System
    readonly value: Money | null
    readonly milestones: readonly {
      readonly status: ProjectStatus
      readonly at: string
      readonly payout: Money
      readonly evidenceUrl: string
    }[]
    readonly labels: Readonly<Record<string, string>>
    readonly cost: Money
    readonly margin: Money
    readonly payout: Money
    readonly supplierSource: string
    readonly rateCardId: string
    readonly evidenceUrl: string
    readonly riskScore: number
  }

export type SolarArray = {
  readonly label: string
  readonly azimuthDegrees: number
  readonly tiltDegrees: number
  readonly modules: {
    readonly productId: string
    readonly count: number
    readonly peakWatt: number
    readonly supplierSource: string
    readonly cost: Money
  }
  readonly strings: readonly {
    readonly label: string
    readonly moduleCount: number
    readonly inverterProductId: string
    readonly supplierSource: string
  }[]
}

export type Design = Row &
  Leftovers & {
    readonly projectId: string
    readonly name: string
    readonly revision: number
    readonly status: 'draft' | 'final'
    readonly roof: Roof
    readonly arrays: readonly SolarArray[]
    readonly sizeKwp: number
    readonly annualYieldKwh: number
    readonly yieldByMonth: Readonly<Record<string, number>>
    readonly shadingLossPercent: number | null
    readonly cost: {
      readonly modules: Money
      readonly inverters: Money
      readonly labour: Money
      readonly rateCardId: string
    }
    readonly evidenceUrl: string
    readonly engine: string
  }

export type LineItem = {
  readonly description: string
  readonly productId: string | null
  readonly quantity: number
  readonly unitPrice: Money
  readonly price: Money
  readonly cost: Money
  readonly margin: Money
  readonly supplierSource: string
  readonly rateCardId: string
}

export type Financing =
  | { readonly type: 'cash'; readonly depositPercent: number }
  | {
      readonly type: 'loan'
      readonly lender: string
      readonly termMonths: number
      readonly annualRatePercent: number
      readonly monthlyPayment: Money
      readonly payout: Money
      readonly margin: Money
    }
  | {
      readonly type: 'lease'
      readonly termMonths: number
      readonly monthlyPayment: Money
      readonly residualValue: Money
      readonly payout: Money
    }

export type Proposal = Row &
  Leftovers & {
    readonly projectId: string
    readonly designId: string
    readonly status: 'draft' | 'sent' | 'accepted' | 'expired'
    readonly lineItems: readonly LineItem[]
    readonly net: Money
    readonly tax: Money
    readonly total: Money
    readonly financing: Financing
    readonly validUntil: string
    readonly acceptedAt: string | null
    readonly message?: string
    readonly cost: Money
    readonly margin: Money
    readonly payout: Money
    readonly rateCardId: string
    readonly signature: {
      readonly name: string
      readonly ipAddress: string
      readonly evidenceUrl: string
    } | null
  }

export type RateCard = Row &
  Leftovers & {
    readonly title: string
    readonly region: string
    readonly validFrom: string
    readonly validUntil: string | null
    readonly rates: readonly {
      readonly service: string
      readonly unit: string
      readonly price: Money
      readonly cost: Money
      readonly margin: Money
    }[]
    readonly approvedBy: string
    readonly supplierSource: string
  }

export type Reading = {
  readonly at: string
  readonly projectId: string
  readonly energyKwh: number
  readonly averagePowerKw: number
  readonly irradianceWattPerSquareMetre: number | null
  readonly quality: 'measured' | 'estimated'
  readonly feedIn: { readonly energyKwh: number; readonly revenue: Money; readonly payout: Money }
  readonly meter: { readonly serial: string; readonly supplierSource: string }
  readonly evidenceUrl: string
  readonly _debug: { readonly shard: string }
}
