# Kho's image: web, task workers, drainer, beat and init are the same image with another role (python -m config.serve).
#
# BASE may be any image with Python 3.11 or newer and pip, also one of your own registry. Nothing but Python packages is
# fetched; where there is no network, PIP_INDEX_URL or a wheel folder of your own can be given to pip as usual.
ARG BASE=python:3.12-slim
FROM ${BASE} AS packages
COPY requirements/base.txt /tmp/base.txt
RUN python3 -m venv --without-pip /opt/kho \
    && python3 -m pip --python /opt/kho/bin/python install --no-cache-dir --no-compile --no-deps --require-hashes \
        --requirement /tmp/base.txt

FROM ${BASE}
ENV PATH=/opt/kho/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY --from=packages /opt/kho /opt/kho
WORKDIR /srv/kho
COPY manage.py ./
COPY config config
COPY accounts accounts
COPY registry registry
COPY gallery gallery
COPY templates templates
COPY static static
COPY locale locale
# The settings want their secrets; nothing of these values stays in the image.
RUN python -m compileall -q . /opt/kho \
    && mkdir -p /var/lib/kho /var/spool/kho /var/tmp/kho \
    && env DJANGO_SETTINGS_MODULE=config.settings.production KHO_DATA=/var/lib/kho KHO_BLOBS=/var/lib/kho/blobs \
        KHO_URL=https://build.invalid KHO_TRUSTED_PROXIES=127.0.0.1 REDIS_URL=redis://build.invalid \
        DATABASE_URL=postgresql://build@build.invalid/build \
        KHO_SECRET_KEY=only-while-the-image-is-built-0123456789 KHO_MASTER_KEY=another-one-while-the-image-is-built-9876543210 \
        python manage.py collectstatic --noinput --verbosity 0 \
    && echo 'kho:x:10001:' >> /etc/group \
    && echo 'kho:x:10001:10001::/var/lib/kho:/usr/sbin/nologin' >> /etc/passwd \
    && chown -R 10001:10001 /var/lib/kho /var/spool/kho /var/tmp/kho
USER 10001:10001
ENV DJANGO_SETTINGS_MODULE=config.settings.production KHO_DATA=/var/lib/kho KHO_SPOOL=/var/spool/kho
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["python", "-m", "config.serve", "web"]
