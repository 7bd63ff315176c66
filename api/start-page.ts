import type { ApiContext, ApiDeps } from './deps.ts';

/** `GET /`: says what answers here and where to begin. */
export function createStartPage({ config }: Pick<ApiDeps, 'config'>) {
  const { publicUrl } = config;
  const body = {
    name: 'QRFactory',
    links: {
      image: `${publicUrl}/v1/qr?data=hello`,
      renders: `${publicUrl}/v1/renders`,
      logos: `${publicUrl}/v1/logos`,
      codes: `${publicUrl}/v1/codes`,
      docs: `${publicUrl}/docs`,
      openapi: `${publicUrl}/openapi.json`,
      health: `${publicUrl}/readyz`,
    },
  };
  return (ctx: ApiContext): void => {
    ctx.body = body;
  };
}
