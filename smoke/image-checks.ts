import { createHash } from 'node:crypto';
import sharp from 'sharp';
import type { Content } from '../shared/domain/content/content.ts';
import type { Check, Deployment } from './deployment.ts';
import { expectImage, expectSame } from './expectations.ts';

const contentsOf = (mark: string): Content[] =>
  [
    { type: 'url', url: `https://example.com/${mark}?a=1&b=ü` },
    { type: 'text', text: `${mark} 漢字 ☕ zwei\nZeilen` },
    {
      type: 'vcard',
      firstName: 'Ada',
      lastName: 'Löwe; Byron',
      phone: ['+49 30 1'],
      email: ['a@b.example'],
      note: mark,
    },
    { type: 'wifi', ssid: mark, password: 'a;b:c"d\\e', security: 'WPA', hidden: true },
    { type: 'email', to: ['a@b.example'], subject: mark, body: 'Grüße\nAda' },
    { type: 'phone', number: '+49301234567' },
    { type: 'sms', number: '+49301234567', message: mark },
    { type: 'geo', latitude: 52.516275, longitude: 13.377704, label: mark },
    { type: 'event', title: mark, start: '2030-01-01T09:00:00Z', end: '2030-01-01T10:00:00Z', location: 'Berlin' },
  ] as Content[]; // as clients send them: fields may be left out

/** What is drawn, read by a reader that shares no code with the encoder. */
export function imageChecks(deployment: Deployment): Check[] {
  const checks: Check[] = [];
  const check = (name: string, run: Check[1]) => void checks.push([name, run]);

  const contents = contentsOf(deployment.mark);

  for (const content of contents)
    for (const format of ['png', 'svg'] as const)
      check(`${content.type} as ${format} is read by an independent reader`, async () => {
        const { image, encodedText } = await deployment.render({ content, format, size: 400 });
        const answer = await deployment.send('GET', image.url, { keyless: true });
        await expectImage(answer, image.contentType, encodedText, 400);
        expectSame('sha256', createHash('sha256').update(answer.bytes).digest('hex'), image.sha256);
      });

  check('a logo is uploaded, drawn and read', async () => {
    const logo = { width: 64, height: 64, channels: 3, background: '#cc2200' } as const;
    const body = new Uint8Array(await sharp({ create: logo }).png().toBuffer());
    const headers = { 'content-type': 'image/png', prefer: 'wait=20' };
    const { status, json } = await deployment.send('POST', '/v1/logos', { headers, body });
    expectSame('status', status, 201);
    const logoPath = `/v1/logos/${json.id}`;
    const content = { type: 'text', text: `${deployment.mark}-logo` };
    const { image } = await deployment.render({ content, size: 400, logo: { id: json.id, ratio: 0.2 } });
    await expectImage(await deployment.send('GET', image.url, { keyless: true }), 'image/png', content.text, 400);
    deployment.made.add(logoPath);
  });

  check('the same spec in another spelling is the same render, drawn once', async () => {
    const content = { type: 'url', url: `https://example.com/${deployment.mark}/again` };
    const first = await deployment.render({ content, foreground: '#00000a' });
    const second = await deployment.render({ foreground: '#00000A', margin: 4, size: 300, format: 'png', content });
    expectSame('id', second.id, first.id);
    expectSame('completedAt', second.completedAt, first.completedAt);
  });

  const openImages: [path: string, width: number][] = [
    [`/v1/qr?data=${deployment.mark}&size=300`, 300],
    [`/v1/create-qr-code/?data=${deployment.mark}&size=200x200`, 200],
    [`/qr?text=${deployment.mark}&size=200`, 200],
    [`/chart?cht=qr&chl=${deployment.mark}&chs=300x300`, 300],
  ];
  for (const [path, width] of openImages)
    check(`GET ${path.split('?')[0]} answers an image in one call`, async () => {
      const open = await deployment.send('GET', path, { keyless: true });
      // OPEN_QR=false is a choice of the deployment, not a fault.
      await expectImage(
        open.status === 401 ? await deployment.send('GET', path) : open,
        'image/png',
        deployment.mark,
        width,
      );
    });
  return checks;
}
