import { REGIONS } from '../../shared/contract/region.ts'
import type { RegionId } from '../../shared/contract/region.ts'

/** The ids under which `cloudregions` lists the regions. Invented: the real ones are not public. */
export const CLOUD_REGION_IDS: Readonly<Record<RegionId, string>> = {
  us: '3c1ad000-0001-11ea-8000-0050568a5c01',
  eu: '3c1ad000-0002-11ea-8000-0050568a5c02',
  apj: '3c1ad000-0003-11ea-8000-0050568a5c03',
}

/** The region with this `cloudregions` id, or undefined. */
export function regionOf(cloudRegionId: string): RegionId | undefined {
  return (Object.keys(REGIONS) as RegionId[]).find((id) => CLOUD_REGION_IDS[id] === cloudRegionId)
}
