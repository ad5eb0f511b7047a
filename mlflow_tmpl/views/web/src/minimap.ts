// The whole drawing in small, with what is in view framed; drag to move.

import { colours, viewOf } from "./painter";
import { fillOf } from "./painter";
import type { Stage } from "./stage";
import type { State } from "./state";

const WIDTH = 176;
const HEIGHT = 112;

export function attachMinimap(canvas: HTMLCanvasElement, stage: Stage, state: State): void {
  const context = canvas.getContext("2d")!;
  let held = false;

  const scaleOf = () => Math.min(WIDTH / stage.extent.width, HEIGHT / stage.extent.height);

  function paint(): void {
    const { extent, camera, root } = stage;
    const view = viewOf(camera, root.clientWidth, root.clientHeight);
    const whole = view.x <= 0 && view.y <= 0 && view.x + view.width >= extent.width && view.y + view.height >= extent.height;
    canvas.hidden = whole || root.clientWidth < 620;
    if (canvas.hidden) return;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const scale = scaleOf();
    [canvas.width, canvas.height] = [Math.ceil(extent.width * scale * ratio) || 1, Math.ceil(extent.height * scale * ratio) || 1];
    canvas.style.width = `${canvas.width / ratio}px`;
    canvas.style.height = `${canvas.height / ratio}px`;
    const palette = colours(root);
    context.setTransform(ratio * scale, 0, 0, ratio * scale, 0, 0);
    const shapes = state.shapes.peek();
    for (const frame of extent.frames.values()) {
      context.fillStyle = palette["frame"]!;
      context.fillRect(frame.x, frame.y, frame.width, frame.height);
    }
    const least = 1.5 / scale;
    for (const [id, box] of extent.boxes) {
      const shape = shapes.get(id);
      if (!shape) continue;
      context.fillStyle = shape.form === "node" || shape.form === "box" ? palette[shape.tone]! : fillOf(shape, palette)[1];
      context.fillRect(box.x, box.y, Math.max(box.width, least), Math.max(box.height, least));
    }
    context.strokeStyle = palette["accent"]!;
    context.lineWidth = 1.5 / scale;
    context.strokeRect(view.x, view.y, view.width, view.height);
  }

  const move = (event: PointerEvent) => {
    const frame = canvas.getBoundingClientRect();
    const scale = scaleOf();
    const { camera, root } = stage;
    const [x, y] = [(event.clientX - frame.left) / scale, (event.clientY - frame.top) / scale];
    stage.look(root.clientWidth / 2 - x * camera.zoom, root.clientHeight / 2 - y * camera.zoom, camera.zoom);
  };
  canvas.addEventListener("pointerdown", (event) => {
    held = true;
    canvas.setPointerCapture(event.pointerId);
    move(event);
  });
  canvas.addEventListener("pointermove", (event) => held && move(event));
  canvas.addEventListener("pointerup", () => (held = false));
  let due = 0;
  stage.listeners.add(() => {
    due ||= requestAnimationFrame(() => {
      due = 0;
      paint();
    });
  });
  paint();
}
