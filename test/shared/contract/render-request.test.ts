import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { renderRequestSchema } from '../../../shared/contract/render-request.ts';
import { contentTypes } from '../../../shared/domain/content/content.ts';
import { arbitraryContent } from '../../support/arbitrary-content.ts';
import { content, parse, parseJson } from './parse-request.ts';
import { refusal } from './refusal.ts';

describe('a render request', () => {
  it('gets every default that it leaves out', () => {
    expect(parse({ content })).toEqual({
      spec: {
        content,
        format: 'png',
        size: 300,
        margin: 4,
        marginPx: null,
        errorCorrection: 'M',
        foreground: '#000000',
        background: '#ffffff',
        logo: null,
      },
      formatGiven: false,
    });
  });

  it('tells whether it names a format', () => {
    expect(parse({ content, format: 'png' }).formatGiven).toBe(true);
    expect(parse({ content, format: null }).formatGiven).toBe(false);
  });

  it.each([
    [
      'key order',
      '{"size":200,"content":{"type":"text","text":"a"}}',
      '{"content":{"text":"a","type":"text"},"size":200}',
    ],
    [
      'numbers',
      '{"content":{"type":"geo","latitude":-0,"longitude":1.50},"size":3e2}',
      '{"content":{"type":"geo","latitude":0.0,"longitude":15e-1}}',
    ],
    [
      'hex',
      '{"content":{"type":"text","text":"a"},"foreground":"#ABC","background":"FFFFFF"}',
      '{"content":{"type":"text","text":"a"},"foreground":"aabbcc"}',
    ],
    [
      'null',
      '{"content":{"type":"wifi","ssid":"a","password":null,"hidden":null,"security":null},"margin":null,"logo":null}',
      '{"content":{"type":"wifi","ssid":"a","security":"nopass"}}',
    ],
    [
      'lists',
      '{"content":{"type":"email","to":"a@b.de","cc":["c@d.de"],"bcc":[]}}',
      '{"content":{"type":"email","to":["a@b.de"],"cc":" c@d.de "}}',
    ],
    [
      'white space',
      '{"content":{"type":"url","url":" https://a.de\\n"}}',
      '{"content":{"type":"url","url":"https://a.de"}}',
    ],
    [
      'line breaks',
      '{"content":{"type":"vcard","lastName":"a","note":"b\\r\\nc"}}',
      '{"content":{"type":"vcard","lastName":" a","note":"b\\nc"}}',
    ],
    [
      'numbers to dial',
      '{"content":{"type":"phone","number":"+49 (30) 12-34/5"}}',
      '{"content":{"type":"phone","number":"+4930.12345"}}',
    ],
    [
      'time zones',
      '{"content":{"type":"event","title":"a","start":"2026-11-23T00:30:00.000+01:00"}}',
      '{"content":{"type":"event","title":"a","start":"2026-11-22t23:30:00z","allDay":false}}',
    ],
    [
      'logo',
      '{"content":{"type":"text","text":"a"},"logo":{"id":"logo_a","ratio":0.20}}',
      '{"content":{"type":"text","text":"a"},"logo":{"data":null,"id":"logo_a"}}',
    ],
  ])('is the same in every spelling of its %s', (_, one, other) => {
    expect(parseJson(one).spec).toEqual(parseJson(other).spec);
  });

  it('of any content is canonical at once: its own spec gives the same spec', () => {
    fc.assert(
      fc.property(arbitraryContent, (sent) => {
        const { marginPx, ...spec } = parse({ content: sent }).spec;
        expect(parse(spec).spec).toEqual({ ...spec, marginPx });
      }),
    );
  });

  it('keeps white space where it may count: text, message, ssid and password', () => {
    const kept = (sent: object): unknown => parse({ content: sent }).spec.content;
    expect(kept({ type: 'text', text: ' a ' })).toMatchObject({ text: ' a ' });
    expect(kept({ type: 'sms', number: '1', message: ' a\r\n' })).toMatchObject({ message: ' a\r\n' });
    expect(kept({ type: 'wifi', ssid: ' a', password: ' 1234567 ' })).toMatchObject({
      ssid: ' a',
      password: ' 1234567 ',
    });
  });

  it('takes the date of a time, as it stands there, where an event lasts whole days', () => {
    const times = { start: '2026-11-23T00:00:00+14:00', end: '2026-11-24T23:30:00-11:00' };
    const { spec } = parse({ content: { type: 'event', title: 'a', allDay: true, ...times } });
    expect(spec.content).toMatchObject({ start: '2026-11-23', end: '2026-11-24' });
  });

  it('takes a network with a password for WPA', () => {
    const { spec } = parse({ content: { type: 'wifi', ssid: 'a', password: '12345678' } });
    expect(spec.content).toMatchObject({ security: 'WPA', hidden: false });
  });
});

describe('the schema', () => {
  it.each(contentTypes.map((type) => [type]))('knows the content type %s', (type) => {
    const pointers = refusal(() => parse({ content: { type, unknown: 1 } })).details.map(({ pointer }) => pointer);
    expect(pointers).toContain('/content/unknown');
    expect(pointers).not.toContain('/content/type');
  });

  it('describes what clients send, defaults and bounds included', () => {
    const described = z.toJSONSchema(renderRequestSchema, { io: 'input' });
    expect(described).toMatchObject({ required: ['content'], additionalProperties: false });
    const size = JSON.stringify(described.properties?.size);
    expect(size).toContain('"minimum":100,"maximum":2000');
    expect(size).toContain('"default":300');
  });
});
