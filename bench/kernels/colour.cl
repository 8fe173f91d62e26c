// SPDX-License-Identifier: MIT
// Copyright © 2026 The NPU stack authors

/* sRGB (IEC 61966-2-1) to lightness, chroma and hue of CIE 1976 L*a*b*, white D65. */

float
linear_of(float v)
{
   return v <= 0.04045f ? v * (1 / 12.92f) : pow((v + 0.055f) * (1 / 1.055f), 2.4f);
}

float
lab_of(float t)
{
   return t > 216.0f / 24389 ? cbrt(t) : t * (841.0f / 108) + 4.0f / 29;
}

kernel void
colour(global const float4 *pixels, global float4 *to)
{
   size_t i = get_global_id(0);
   float4 p = pixels[i];
   float r = linear_of(p.x), g = linear_of(p.y), b = linear_of(p.z);
   float x = lab_of(0.4339530f * r + 0.3762194f * g + 0.1898276f * b);
   float y = lab_of(0.2126729f * r + 0.7151522f * g + 0.0721750f * b);
   float z = lab_of(0.0177566f * r + 0.1094687f * g + 0.8727747f * b);
   float red_green = 500 * (x - y), yellow_blue = 200 * (y - z);

   to[i] = (float4)(116 * y - 16, hypot(red_green, yellow_blue), atan2(yellow_blue, red_green), p.w);
}
